// SPDX-License-Identifier: Apache-2.0
/** Where things are: the repository's own folders, the cache folder and the programs inside .venv. */
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");
export const PUBLIC = join(ROOT, "public");
export const VENV = join(ROOT, ".venv");

/** The folder for downloads, shared by all clones: TALEPROOF_CACHE, else ~/.cache/taleproof. */
export function cacheFolder(environment = process.env) {
  return environment.TALEPROOF_CACHE || join(homedir(), ".cache", "taleproof");
}

/** A program of the virtual environment. @param {string} name */
export function venvProgram(name) {
  return process.platform === "win32" ? join(VENV, "Scripts", `${name}.exe`) : join(VENV, "bin", name);
}
