// SPDX-License-Identifier: Apache-2.0
/**
 * The engine by itself, for measurements and browser tests: engine.html gives the console what the page builds upon.
 */

import { EngineClient, EngineError } from "./engine/client";
import { randomSeed } from "./engine/filled-in";

const taleproof = { EngineClient, EngineError, randomSeed };

declare global {
  interface Window {
    taleproof: typeof taleproof;
  }
}

window.taleproof = taleproof;
