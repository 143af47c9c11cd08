// SPDX-License-Identifier: Apache-2.0
/** Starts the page: styles, the stores with the real engine, and the components; or says what the page lacks. */

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
import { Offline } from "./lib/offline.svelte";
import InsecurePage from "./pages/InsecurePage.svelte";

const target = document.getElementById("app");
if (!target) throw new Error("index.html has no element with the id app");

const base = new URL(import.meta.env.BASE_URL, location.href).href;
const offline = new Offline(base);

function start(target: HTMLElement): void {
  const app = createApp((onCrash) => new SiteEngine(onCrash), new ChainPort(base), base, offline);
  void app.chain.describe();
  void app.models.loadCatalogue();
  void app.shelf.load().then(() => app.desk.takeUpLast());
  void offline.lookUp();
  // One after the other: each takes all that the machine or the network has, and the engine is needed first.
  void app.engine.start().then(() => {
    performance.mark("engine: ready");
    const { choice } = app.models;
    if (app.route.place.page === "desk") void app.chain.warm(choice && lookupOf(choice)?.name);
    if (import.meta.env.PROD) void offline.keep(import.meta.url);
  });
  addEventListener("pagehide", () => app.desk.saveNow());
  document.addEventListener("visibilitychange", () => app.desk.saveNow());
  mount(App, { target, props: { app } });
}

/** This tab's; a browser that keeps nothing has none. */
function sessionOf(): Storage | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

const session = sessionOf();
if (!isSecureContext) mount(InsecurePage, { target });
else if (!import.meta.env.PROD || session === null || !(await offline.isolate(crossOriginIsolated, session)))
  start(target);
