// SPDX-License-Identifier: Apache-2.0
/**
 * Makes the wheel for others, in build/wheel/: `pip install` it to use the engine from Python, or in a notebook.
 *
 * Usage: node scripts/wheel.mjs
 * In: what set-up makes. Out: the wheel's path and its SHA-256.
 */
import "./lib/node-version.mjs";

const { join, relative } = await import("node:path");
const { sha256File } = await import("./lib/cache.mjs");
const { makeLibraryWheel } = await import("./lib/library-wheel.mjs");
const { ROOT } = await import("./lib/paths.mjs");
const { runScript } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");

await runScript(async () => {
  await setUp();
  const wheel = await makeLibraryWheel(join(ROOT, "build", "wheel"));
  console.log(`${relative(ROOT, wheel)}\nSHA-256 ${await sha256File(wheel)}`);
});
