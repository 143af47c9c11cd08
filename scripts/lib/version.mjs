// SPDX-License-Identifier: Apache-2.0
/** The engine's version, as its source says it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.mjs";

/** @returns {string} */
export function engineVersion() {
  const text = readFileSync(join(ROOT, "py", "taleproof", "__init__.py"), "utf8");
  const found = /__version__ = "([^"]+)"/.exec(text)?.[1];
  if (found === undefined) throw new Error("py/taleproof/__init__.py has no __version__");
  return found;
}
