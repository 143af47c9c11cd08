// SPDX-License-Identifier: Apache-2.0
/**
 * The page's state as its components find it, by Svelte's context: useApp in a component, provideApp in the outermost one.
 *
 * Only types are imported here, so that a component that uses one store does not load them all.
 */

import { createContext } from "svelte";
import type { Chain } from "./features/wallet/chain.svelte";
import type { Desk } from "./features/write/desk.svelte";
import type { Gallery } from "./features/tokens/gallery.svelte";
import type { Meaning } from "./features/search/meaning.svelte";
import type { Models } from "./features/model/models.svelte";
import type { Picker } from "./features/model/picker.svelte";
import type { Publisher } from "./features/publish/publisher.svelte";
import type { Settings } from "./features/settings/settings.svelte";
import type { Shelf } from "./features/shelf/shelf.svelte";
import type { EngineState } from "./lib/engine.svelte";
import type { Notices } from "./lib/notices.svelte";
import type { Offline } from "./lib/offline.svelte";
import type { Route } from "./lib/route.svelte";
import type { Theme } from "./lib/theme.svelte";

export interface App {
  notices: Notices;
  offline: Offline;
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
