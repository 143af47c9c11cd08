// SPDX-License-Identifier: Apache-2.0
/** The memory of a Python that has just started: with it the page's engine starts in a fraction of the time. */
import { join } from "node:path";
import { PUBLIC, ROOT } from "../paths.mjs";
import { runQuietly } from "../run.mjs";
import { PYODIDE_VERSION } from "./pyodide.mjs";

const SCRIPT = join(ROOT, "scripts", "snapshot_python.mjs");
const TARGET = join(PUBLIC, "pyodide", "python.snapshot");

/** @returns {import("../stamp.mjs").Step} */
export function snapshotStep() {
  return {
    name: "snapshot",
    title: "Python, started once",
    inputs: () => [SCRIPT],
    facts: [PYODIDE_VERSION],
    outputs: () => [TARGET],
    async run() {
      await runQuietly("Python's memory", process.execPath, [SCRIPT, TARGET], { log: "snapshot" });
    },
  };
}
