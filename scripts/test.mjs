/**
 * `npm test`: set-up, then every suite, even after one has failed.
 *
 * Out: the last line is "N passed, N failed, N skipped", summed over all suites. With CI=true a skipped test counts
 * as a reason to fail, since a test that is left out there is run nowhere.
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
  for (const { name, counts } of results) console.log(`${name.padEnd(15)} ${closingLine(counts)}`);
  const total = addCounts(results.map((result) => result.counts));
  const ci = process.env.CI === "true";
  if (ci && total.skipped > 0) console.log("Tests were skipped, and in CI none may be.");
  console.log(closingLine(total));
  process.exitCode = succeeded(total, ci) ? 0 : 1;
});
