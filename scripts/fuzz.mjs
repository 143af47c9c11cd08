// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run fuzz`: changes good model files of every format, in their bytes and in their settings, and opens them.
 *
 * In: --seconds N (600), --first SEED (0), names of formats (all); what tests/fixtures/hostile/fuzz.py takes.
 * Out: each find with the seed that makes it again; at the end how many changes were made and how many were finds.
 */
import "./lib/node-version.mjs";
import { delimiter, join } from "node:path";

const { runScript } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");
const { runShown } = await import("./lib/run.mjs");
const { ROOT, venvProgram } = await import("./lib/paths.mjs");

await runScript(async () => {
  await setUp();
  const PYTHONPATH = [join(ROOT, "py"), join(ROOT, "tests")].join(delimiter);
  const args = ["-m", "fixtures.hostile.fuzz", ...process.argv.slice(2)];
  process.exitCode = await runShown(venvProgram("python"), args, { PYTHONPATH });
});
