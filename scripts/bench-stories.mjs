// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run bench:stories`: which way of telling and which settings give stories that go on, and stay stories.
 *
 * In: --openings N (50), how many of openings.txt; --seeds N (3) for each; --tokens N (160); --only NAME, settings by their
 * beginning, may be given several times; --model NAME, one of the two; --out FOLDER (build/stories). Out: a table in
 * Markdown, a row a setting, and in the folder every story, to be read. The same figures come of every run; all of it takes
 * hours, and 12 openings with one seed some minutes a setting.
 */
import "./lib/node-version.mjs";

const { join } = await import("node:path");
const { ROOT, venvProgram } = await import("./lib/paths.mjs");
const { runScript } = await import("./lib/problem.mjs");
const { runShown } = await import("./lib/run.mjs");
const { setUp } = await import("./lib/set-up.mjs");

await runScript(async () => {
  await setUp();
  const script = join(ROOT, "scripts", "lib", "bench", "stories.py");
  process.exitCode = await runShown(venvProgram("python"), [script, ...process.argv.slice(2)]);
});
