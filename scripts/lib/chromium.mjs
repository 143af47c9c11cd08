// SPDX-License-Identifier: Apache-2.0
/**
 * Finds the Chromium that the machine has.
 *
 * In: TALEPROOF_CHROMIUM, or the search path. Out: the program's path. Refused: a machine without one.
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { Problem } from "./problem.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/**
 * --no-sandbox: containers and root accounts cannot use Chromium's own sandbox. --disable-dev-shm-usage: containers
 * often have a /dev/shm of 64 MB, which a 98 MB model overruns.
 */
export const CHROMIUM_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage"];

/** @returns {string} the path of the browser's program */
export function findChromium(environment = process.env) {
  const named = environment.TALEPROOF_CHROMIUM;
  if (named) return named;
  for (const folder of (environment.PATH ?? "").split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name);
      if (isProgram(path)) return path;
    }
  }
  throw new Problem(
    "browser-missing",
    "The browser tests need Chromium, and none was found. " +
      "Install it (on Debian: apt-get install chromium), or name its program in TALEPROOF_CHROMIUM.",
  );
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
