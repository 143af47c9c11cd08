// SPDX-License-Identifier: Apache-2.0
/** What the engine's client tells of by itself, when no worker can. In: what happened. Out: errors in words for a person. */

import { EngineError } from "../errors";

export const NOT_STARTED = {
  code: "engine-start-failed",
  message: "The engine could not be started. Check the connection, then try again.",
};

export const NO_MODEL = {
  code: "no-model",
  message: "No model is open in the engine any more. Write again: it is opened first.",
};

export const WOULD_NOT_STOP = {
  code: "engine-stopped",
  message:
    "The engine was too busy to stop by itself, so it was ended, and a new one is started. Your stories are safe. The " +
    "model is opened again when you next write; if it does this again, choose another one.",
};

export function openingTooLong(file: string, seconds: number): EngineError {
  return new EngineError({
    code: "opening-too-long",
    message:
      `${file} was not ready after ${seconds} seconds, far more than a sound file of its size needs, so it was given up. ` +
      "Choose another file; if you trust this one, try again when your device has less to do.",
    details: { file, seconds },
  });
}

export function crashed(event: Event): EngineError {
  const cause = "message" in event ? String(event.message) : event.type;
  return new EngineError({
    code: "engine-crashed",
    message:
      "The engine stopped working, most often because the browser ran out of memory. Your stories are safe. " +
      "Close other tabs and open the model again, or choose a smaller one.",
    details: { cause },
  });
}
