/** A desk over a played engine, and a shelf that is a map. */

import { chooseOwn } from "../../web/ui/choice";
import { Desk } from "../../web/ui/desk.svelte";
import { EngineState } from "../../web/ui/engine.svelte";
import { Models } from "../../web/ui/models.svelte";
import { Notices } from "../../web/ui/notices.svelte";
import { Settings } from "../../web/ui/settings.svelte";
import { Shelf } from "../../web/ui/shelf.svelte";
import type { Story } from "../../web/ui/story";
import type { PlayedEngine } from "./played-engine";

export function makeDesk(port: PlayedEngine, kept: Map<string, Story>) {
  const notices = new Notices();
  const engine = new EngineState(port, notices);
  const models = new Models(engine, notices, "http://localhost/");
  const settings = new Settings();
  const db = {
    all: async () => [...kept.values()],
    put: async (story: Story) => void kept.set(story.id, structuredClone(story)),
    remove: async (id: string) => void kept.delete(id),
  };
  const shelf = new Shelf(db, notices);
  const desk = new Desk({ engine, models, settings, shelf, notices });
  models.choice = chooseOwn({ kind: "url", url: "https://example.org/model.gguf" }, null);
  desk.changeOpening("Once upon a time");
  return { desk, engine, models, notices, settings, shelf };
}
