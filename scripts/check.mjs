/** `npm run check`: formatting, lint and types of Python, JavaScript, TypeScript and Svelte. With --fix it mends what it can. */
import "./lib/node-version.mjs";

const { runScript, Problem } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");
const { venvProgram } = await import("./lib/paths.mjs");
const { runShown } = await import("./lib/run.mjs");

const PYTHON = ["py", "tests", "scripts"];
const fix = process.argv.includes("--fix");

/** @type {[string, string, string[]][]} */
const CHECKS = [
  ["ruff format", venvProgram("ruff"), ["format", ...(fix ? [] : ["--check"]), ...PYTHON]],
  ["ruff check", venvProgram("ruff"), ["check", ...(fix ? ["--fix"] : []), ...PYTHON]],
  ["mypy", venvProgram("mypy"), []],
  ["prettier", "npx", ["prettier", "--log-level", "warn", fix ? "--write" : "--check", "."]],
  ["eslint", "npx", ["eslint", "--max-warnings", "0", ...(fix ? ["--fix"] : []), "."]],
  [
    "svelte-check",
    "npx",
    ["svelte-check", "--tsconfig", "tsconfig.json", "--fail-on-warnings", "--output", "human"],
  ],
];

await runScript(async () => {
  await setUp();
  const failed = [];
  for (const [name, program, args] of CHECKS) {
    console.log(`== ${name}`);
    if ((await runShown(program, args)) !== 0) failed.push(name);
  }
  if (failed.length > 0) {
    throw new Problem(
      "check-failed",
      `Not yet right: ${failed.join(", ")}. "npm run format" mends what a program can.`,
    );
  }
});
