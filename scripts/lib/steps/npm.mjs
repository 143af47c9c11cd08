// SPDX-License-Identifier: Apache-2.0
/** The JavaScript packages, exactly as the lockfile names them. */
import { join } from "node:path";
import { ROOT } from "../paths.mjs";
import { runQuietly } from "../run.mjs";

/** @returns {import("../stamp.mjs").Step} */
export function npmStep() {
  return {
    name: "npm",
    title: "JavaScript packages",
    inputs: () => [join(ROOT, "package-lock.json")],
    outputs: () => [join(ROOT, "node_modules", ".package-lock.json")],
    async run() {
      await runQuietly("The JavaScript packages", "npm", ["ci", "--no-audit", "--no-fund", "--no-progress"], {
        log: "npm",
      });
    },
  };
}
