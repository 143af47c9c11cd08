// SPDX-License-Identifier: Apache-2.0
/** The Python modules of the page's engine, compiled: a browser that had to do that at each start would start later. */
import { join } from "node:path";
import { PUBLIC, ROOT } from "../paths.mjs";
import { runQuietly } from "../run.mjs";
import { PYODIDE_VERSION } from "./pyodide.mjs";

const SCRIPT = join(ROOT, "scripts", "compile_python.mjs");
const WHEELS = join(PUBLIC, "wheels");
const TARGET = join(WHEELS, "bytecode.zip");

/** @returns {import("../stamp.mjs").Step} */
export function bytecodeStep() {
  return {
    name: "bytecode",
    title: "The engine's modules, compiled",
    inputs: () => [SCRIPT, join(WHEELS, "wheels.json")],
    facts: [PYODIDE_VERSION],
    outputs: () => [TARGET],
    async run() {
      const args = [SCRIPT, join(PUBLIC, "pyodide"), WHEELS, TARGET];
      await runQuietly("The compiled modules", process.execPath, args, { log: "bytecode" });
    },
  };
}
