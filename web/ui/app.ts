/**
 * The page's state, made once and handed to the components by Svelte's context.
 *
 * In: a way to make an engine, a way to the wallet, and the site's address. Out: the stores, wired to one another.
 */

import { createContext } from "svelte";
import type { EngineError } from "../engine/errors";
import { Chain, type ChainLink } from "./chain.svelte";
import { Desk } from "./desk.svelte";
import { EngineState, type EnginePort } from "./engine.svelte";
import { Gallery } from "./gallery.svelte";
import { Meaning, type EncoderPort } from "./meaning.svelte";
import { Models } from "./models.svelte";
import { Notices } from "./notices.svelte";
import { Picker } from "./picker.svelte";
import { Publisher } from "./publisher.svelte";
import { Route } from "./route.svelte";
import { Settings } from "./settings.svelte";
import { ShelfDb } from "./shelf-db";
import { Shelf } from "./shelf.svelte";
import { Theme } from "./theme.svelte";

export interface App {
  notices: Notices;
  engine: EngineState;
  chain: Chain;
  gallery: Gallery;
  meaning: Meaning;
  models: Models;
  picker: Picker;
  publisher: Publisher;
  settings: Settings;
  shelf: Shelf;
  desk: Desk;
  route: Route;
  theme: Theme;
}

export const [useApp, provideApp] = createContext<App>();

export function createApp(
  makeEngine: (onCrash: (error: EngineError) => void) => EnginePort & EncoderPort,
  link: ChainLink,
  base: string,
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
  const shelf = new Shelf(db, notices);
  const desk = new Desk({ engine, models, settings, shelf, notices });
  return {
    notices,
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
