// SPDX-License-Identifier: Apache-2.0
/**
 * The wheel for others: the engine's Python package with the kernels in it, for wasmtime and for browsers.
 *
 * In: the package's sources and the built kernels. Out: FOLDER/taleproof-VERSION-py3-none-any.whl, the same bytes wherever
 * and whenever it is made. Refused: kernels that are not those that the engine's source names.
 */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { builtDigests, checkDigests, pinnedDigests } from "./kernel-digests.mjs";
import { PUBLIC, ROOT } from "./paths.mjs";
import { buildWheel, WHEEL_SOURCES } from "./steps/package.mjs";

/** Those for a memory that one thread has alone: one of them runs wherever Python does. */
const BUILDS = ["relaxed", "baseline"];
const KERNELS = join(PUBLIC, "kernels");

/** What lies about in a checkout and is no source. @param {string} path */
const isSource = (path) => !["__pycache__", ".mypy_cache"].includes(basename(path));

/** Makes the wheel; returns its path. @param {string} folder */
export async function makeLibraryWheel(folder) {
  checkDigests(await builtDigests(KERNELS), pinnedDigests());
  const staged = mkdtempSync(join(tmpdir(), "taleproof-wheel-"));
  try {
    for (const name of WHEEL_SOURCES)
      cpSync(join(ROOT, name), join(staged, name), { recursive: true, filter: isSource });
    const kernels = join(staged, "py", "taleproof", "kernels");
    mkdirSync(kernels);
    for (const build of BUILDS) {
      const file = join(kernels, `${build}.wasm`);
      cpSync(join(KERNELS, `${build}.wasm`), file);
      chmodSync(file, 0o644); // the wheel keeps what a file may be used for, and compilers differ in that
    }
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) if (name.endsWith(".whl")) rmSync(join(folder, name));
    await buildWheel(staged, folder);
  } finally {
    rmSync(staged, { recursive: true });
  }
  const [wheel = ""] = readdirSync(folder).filter((name) => name.endsWith(".whl"));
  return join(folder, wheel);
}
