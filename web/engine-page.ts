// SPDX-License-Identifier: Apache-2.0
/**
 * The engine by itself, for measurements and browser tests: engine.html gives the console what the page builds upon.
 */

import { EngineError } from "./engine/errors";
import { randomSeed } from "./engine/filled-in";
import { SiteEngine } from "./engine/site-engine";

const taleproof = { EngineClient: SiteEngine, EngineError, randomSeed };

declare global {
  interface Window {
    taleproof: typeof taleproof;
  }
}

window.taleproof = taleproof;
