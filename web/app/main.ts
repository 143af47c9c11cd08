// SPDX-License-Identifier: Apache-2.0
/** Starts the page: styles, the stores with the real engine, and the components. */

import "@fontsource-variable/newsreader/opsz.css";
import "@fontsource-variable/newsreader/opsz-italic.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import { mount } from "svelte";
import { ChainPort } from "../chain/wallet/port";
import { SiteEngine } from "../engine/site-engine";
import App from "./App.svelte";
import { createApp } from "./app";
import { lookupOf } from "./lib/choice";

const target = document.getElementById("app");
if (!target) throw new Error("index.html has no element with the id app");

const base = new URL(import.meta.env.BASE_URL, location.href).href;
const app = createApp((onCrash) => new SiteEngine(onCrash), new ChainPort(base), base);
void app.chain.describe();
void app.models.loadCatalogue();
void app.shelf.load();
// One after the other: both take all that the machine has, and the engine is needed first.
void app.engine.start().then(() => {
  performance.mark("engine: ready");
  const { choice } = app.models;
  if (app.route.place.page === "desk") void app.chain.warm(choice && lookupOf(choice)?.name);
});
addEventListener("pagehide", () => app.desk.saveNow());
document.addEventListener("visibilitychange", () => app.desk.saveNow());

mount(App, { target, props: { app } });
