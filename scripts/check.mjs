// SPDX-License-Identifier: Apache-2.0
/** `npm run check`: formatting, lint and types of Python, JavaScript, TypeScript and Svelte. With --fix it mends what it can. */
import "./lib/node-version.mjs";

const { runScript, Problem } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");
const { runChecks } = await import("./lib/checks.mjs");

await runScript(async () => {
  await setUp();
  const { failed } = await runChecks({ fix: process.argv.includes("--fix") });
  if (failed.length > 0) {
    throw new Problem(
      "check-failed",
      `Not yet right: ${failed.join(", ")}. "npm run format" mends what a program can.`,
    );
  }
});
