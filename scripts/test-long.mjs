// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run test:long`: what takes hours, and so is no part of `npm test`. Set-up, then the threads' protocol with four threads
 * of which one is killed, then --each N (100,000) changes of the good model files of every format.
 *
 * Out: each find, and what makes it again; the exit code is 0 only where there was none.
 */
import "./lib/node-version.mjs";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";

const { runScript } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");
const { runShown } = await import("./lib/run.mjs");
const { ROOT, venvProgram } = await import("./lib/paths.mjs");

await runScript(async () => {
  const { values } = parseArgs({ options: { each: { type: "string", default: "100000" } } });
  await setUp();
  const PYTHONPATH = [join(ROOT, "py"), join(ROOT, "tests")].join(delimiter);
  const team = await runShown(venvProgram("python"), ["-m", "pytest", "-v", "tests/kernels/long_team.py"]);
  const fuzz = ["-m", "fixtures.hostile.fuzz", "--each", values.each];
  const finds = await runShown(venvProgram("python"), fuzz, { PYTHONPATH });
  process.exitCode = team || finds;
});
