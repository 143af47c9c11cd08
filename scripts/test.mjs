// SPDX-License-Identifier: Apache-2.0
/**
 * `npm test`: set-up, then every suite, even after one has failed.
 *
 * Out: the last line is "N passed, N failed, N skipped", summed over all suites. With CI=true a skipped test counts
 * as a reason to fail, since a test that is left out there is run nowhere; but for the chain's on a machine without
 * `linera`, which is said plainly.
 */
import "./lib/node-version.mjs";

const { runScript } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");
const { runSuites } = await import("./lib/suites.mjs");
const { addCounts, closingLine, succeeded } = await import("./lib/counts.mjs");

await runScript(async () => {
  await setUp();
  const results = await runSuites();
  console.log("");
  for (const { name, counts, seconds } of results)
    console.log(`${name.padEnd(15)} ${closingLine(counts).padEnd(36)} ${seconds} s`);
  for (const { name, counts, lacks } of results)
    if (lacks) console.log(`\n${counts.skipped} tests of the suite "${name}" were skipped. ${lacks}\n`);
  const total = addCounts(results.map((result) => result.counts));
  const excused = results.filter((result) => result.excused).map(({ counts }) => counts.skipped);
  const mayBeSkipped = process.env.CI === "true" ? excused.reduce((sum, one) => sum + one, 0) : Infinity;
  if (total.skipped > mayBeSkipped) console.log("Tests were skipped, and in CI none may be.");
  console.log(closingLine(total));
  process.exitCode = succeeded(total, mayBeSkipped) ? 0 : 1;
});
