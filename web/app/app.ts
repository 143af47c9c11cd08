// SPDX-License-Identifier: Apache-2.0
/**
 * The page's state, made once.
 *
 * In: a way to make an engine, a way to the wallet, and the site's address. Out: the stores, wired to one another.
 */

import type { EngineError } from "../engine/errors";
import type { App } from "./context";
import { Models } from "./features/model/models.svelte";
import { Picker } from "./features/model/picker.svelte";
import { Publisher } from "./features/publish/publisher.svelte";
import { Meaning, type EncoderPort } from "./features/search/meaning.svelte";
import { Settings } from "./features/settings/settings.svelte";
import { ShelfDb } from "./features/shelf/shelf-db";
import { Shelf } from "./features/shelf/shelf.svelte";
import { Gallery } from "./features/tokens/gallery.svelte";
import { Chain, type ChainLink } from "./features/wallet/chain.svelte";
import { Desk } from "./features/write/desk.svelte";
import { EngineState, type EnginePort } from "./lib/engine.svelte";
import { Notices } from "./lib/notices.svelte";
import type { Offline } from "./lib/offline.svelte";
import { Route } from "./lib/route.svelte";
import { Theme } from "./lib/theme.svelte";

export function createApp(
  makeEngine: (onCrash: (error: EngineError) => void) => EnginePort & EncoderPort,
  link: ChainLink,
  base: string,
  offline: Offline,
): App {
  const notices = new Notices();
  const port = makeEngine((error) => {
    engine.crashed();
    models.crashed();
    notices.fail(error);
    if (error.code !== "engine-crashed") void engine.start(); // it was ended on purpose
  });
  const engine = new EngineState(port, notices);
  const chain = new Chain(link, notices, base);
  const models = new Models(engine, notices, base, chain);
  chain.onNews = () => void models.rejudge();
  const settings = new Settings();
  const db = new ShelfDb();
  const tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel("taleproof.shelf") : null;
  const shelf = new Shelf(db, notices, tabs);
  db.onKept = () => void offline.persist();
  const desk = new Desk({ engine, models, settings, shelf, notices });
  shelf.onChanged = (id) => desk.follow(id);
  return {
    notices,
    offline,
    engine,
    chain,
    gallery: new Gallery(chain),
    meaning: new Meaning(makeEngine, db, () => shelf.stories, notices, base),
    models,
    picker: new Picker(),
    publisher: new Publisher(chain, notices, base),
    settings,
    shelf,
    desk,
    route: new Route(),
    theme: new Theme(),
  };
}
