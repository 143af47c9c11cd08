// SPDX-License-Identifier: Apache-2.0
/**
 * Brings a fresh clone to the point where the site can be built and the tests can run. Needs nothing but Node.js.
 *
 * In: the lockfile, the pinned requirements, the network or the cache folder. Out: node_modules, .venv, and public/
 * filled with Pyodide, wheels, kernels and the demo model. Refused: bytes with another digest than the expected one.
 * A second run does only what has changed, which is mostly nothing.
 */
import "./lib/node-version.mjs";

const { runScript } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");

await runScript(async () => {
  const { ran } = await setUp();
  console.log(ran === 0 ? "Everything is in place." : "Set-up is complete.");
});
