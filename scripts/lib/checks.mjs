// SPDX-License-Identifier: Apache-2.0
/**
 * Formatting, lint, types, imports and folders of everything in the repository, and whether something in it is used by
 * nothing, or is public without a description.
 *
 * Out: which checks failed; what they found is on the screen. With `fix` those that can mend what they find do so.
 */
import { availableParallelism } from "node:os";
import { DOCS } from "./docs.mjs";
import { venvProgram } from "./paths.mjs";
import { runCollected } from "./run.mjs";

const PYTHON = ["py", "tests", "scripts"];
/** By content, for a checkout gives every file a new time. A fresh clone, and so CI, has no cache and looks at everything. */
const ESLINT_CACHE = ["--cache", "--cache-strategy", "content", "--cache-location", "build/eslint/"];

/** Most use one core each; eslint and mypy need 2 GB each. */
const MOST_AT_ONCE = 4;

/**
 * @typedef {[name: string, program: string, args: string[]]} Check
 */

/**
 * @param {boolean} fix
 * @returns {Check[]}
 */
function checks(fix) {
  return [
    ["ruff format", venvProgram("ruff"), ["format", ...(fix ? [] : ["--check"]), ...PYTHON]],
    ["ruff check", venvProgram("ruff"), ["check", ...(fix ? ["--fix"] : []), ...PYTHON]],
    ["mypy", venvProgram("mypy"), []],
    ["imports", venvProgram("lint-imports"), ["--no-logo", "--cache-dir", "build/import-linter"]],
    ["licence headers", venvProgram("python"), ["scripts/headers.py", ...(fix ? ["--fix"] : [])]],
    ["protocol", venvProgram("python"), ["scripts/protocol.py", ...(fix ? [] : ["--check"])]],
    ["folders", process.execPath, ["scripts/check-folders.mjs"]],
    ["prettier", "npx", ["prettier", "--log-level", "warn", fix ? "--write" : "--check", "."]],
    ["eslint", "npx", ["eslint", "--max-warnings", "0", ...ESLINT_CACHE, ...(fix ? ["--fix"] : []), "."]],
    [
      "types of the page",
      "npx",
      ["svelte-check", "--tsconfig", "tsconfig.json", "--fail-on-warnings", "--output", "human"],
    ],
    ["types of the workers", "npx", ["tsc", "--project", "tsconfig.worker.json"]],
    ["types of the tests", "npx", ["tsc", "--project", "tsconfig.tests.json"]],
    ["types of the scripts", "npx", ["tsc", "--project", "tsconfig.scripts.json"]],
    ["types of the benchmark", "npx", ["tsc", "--project", "tsconfig.bench.json"]],
    ...DOCS,
    ["what nothing uses", "npx", ["knip", "--treat-config-hints-as-errors"]],
  ];
}

/**
 * @param {{fix?: boolean, all?: Check[]}} [options]
 * @returns {Promise<{passed: string[], failed: string[]}>} the names of the checks
 */
export async function runChecks({ fix = false, all = checks(fix) } = {}) {
  /** @type {Map<string, number>} */
  const codes = new Map();
  const waiting = [...all];
  const lane = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const [name, program, args] = check;
      const { code, output } = await runCollected(program, args);
      codes.set(name, code);
      console.log(`-- ${name}\n${output.trimEnd()}`.trimEnd());
    }
  };
  // Two that mend files at once could write over each other.
  const lanes = fix ? 1 : Math.min(availableParallelism(), MOST_AT_ONCE);
  await Promise.all(Array.from({ length: lanes }, lane));
  const names = all.map(([name]) => name);
  return {
    passed: names.filter((name) => codes.get(name) === 0),
    failed: names.filter((name) => codes.get(name) !== 0),
  };
}
