// SPDX-License-Identifier: Apache-2.0
/** A desk over a played engine, and a shelf that is a map. */

import { chooseOwn } from "../../web/app/lib/choice";
import { Desk } from "../../web/app/features/write/desk.svelte";
import { EngineState } from "../../web/app/lib/engine.svelte";
import { Models } from "../../web/app/features/model/models.svelte";
import { Notices } from "../../web/app/lib/notices.svelte";
import { Settings } from "../../web/app/features/settings/settings.svelte";
import { Shelf, type Tabs } from "../../web/app/features/shelf/shelf.svelte";
import type { Story } from "../../web/app/lib/story";
import type { PlayedEngine } from "./played-engine";
import { at } from "../requests";

export function makeDesk(port: PlayedEngine, kept: Map<string, Story>, tabs: Tabs | null = null) {
  const notices = new Notices();
  const engine = new EngineState(port, notices);
  const models = new Models(engine, notices, "http://localhost/");
  const settings = new Settings();
  const db = {
    all: async () => [...kept.values()],
    put: async (story: Story) => void kept.set(story.id, structuredClone(story)),
    remove: async (id: string) => void kept.delete(id),
  };
  const shelf = new Shelf(db, notices, tabs);
  const desk = new Desk({ engine, models, settings, shelf, notices });
  shelf.onChanged = (id) => desk.follow(id);
  models.choice = chooseOwn([at("https://example.org/model.gguf")]);
  desk.changeOpening("Once upon a time");
  return { desk, engine, models, notices, settings, shelf };
}
