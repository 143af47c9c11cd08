// SPDX-License-Identifier: Apache-2.0
/** `npm run docs`: the documentation of the npm package and of the wheel, into build/docs. */
import "./lib/node-version.mjs";

const { runScript, Problem } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");
const { runChecks } = await import("./lib/checks.mjs");
const { DOCS } = await import("./lib/docs.mjs");

await runScript(async () => {
  await setUp();
  const { failed } = await runChecks({ all: DOCS });
  if (failed.length > 0)
    throw new Problem("docs-failed", `What is missing stands above: ${failed.join(", ")}.`);
  console.log("build/docs/javascript/index.html and build/docs/python/index.html");
});
