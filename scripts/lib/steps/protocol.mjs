// SPDX-License-Identifier: Apache-2.0
/**
 * The protocol between Python and the page: its types in TypeScript, made of Python's, and schemas for the tests.
 *
 * Both files are kept in git; `npm run check` fails where git has others.
 */
import { join } from "node:path";
import { ROOT, venvProgram } from "../paths.mjs";
import { runQuietly } from "../run.mjs";

const SCRIPT = join(ROOT, "scripts", "protocol.py");

/** @returns {import("../stamp.mjs").Step} */
export function protocolStep() {
  return {
    name: "protocol",
    title: "The protocol's types",
    inputs: () => [SCRIPT, join(ROOT, "py", "taleproof", "apps", "worker", "protocol")],
    outputs: () => [join(ROOT, "web", "engine", "protocol.gen.ts"), join(ROOT, "tests", "protocol.gen.ts")],
    async run() {
      await runQuietly("The protocol's types", venvProgram("python"), [SCRIPT], { log: "protocol" });
    },
  };
}
