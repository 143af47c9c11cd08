// SPDX-License-Identifier: Apache-2.0
/**
 * The Python packages that Pyodide's own set lacks here: Jinja2 and MarkupSafe, for the chat templates of models.
 *
 * MarkupSafe has no wheel for Pyodide; its wheel for Linux without the compiled half is a complete one in plain Python.
 */
import { join } from "node:path";
import { pipDownload, pipSource, wheelIn } from "../download.mjs";
import { PUBLIC, ROOT, venvProgram } from "../paths.mjs";
import { placeFile } from "../place.mjs";
import { runQuietly } from "../run.mjs";

const TARGET = join(PUBLIC, "wheels");
export const JINJA = {
  name: "jinja2-3.1.6-py3-none-any.whl",
  sha256: "85ece4451f492d0c13c5dd7c13a64681a86afae63a5f347908daf103ce6d2f67",
};
export const MARKUPSAFE = {
  name: "markupsafe-3.0.4-py3-none-any.whl",
  sha256: "446e9e361a646bf296a0a60ce2a73ab0183bcad9012eef3213aa46f7cfb1b9a2",
};

/** Always the same file, whatever machine set-up runs on. */
const ONE_PLATFORM = [
  "--platform=manylinux2014_x86_64",
  "--python-version=3.11",
  "--implementation=cp",
  "--abi=cp311",
];

/** @type {import("../cache.mjs").Source} */
const pureMarkupSafe = {
  name: "the Python package MarkupSafe==3.0.4",
  async fetch(_wanted, folder) {
    await pipDownload("MarkupSafe==3.0.4", folder, ONE_PLATFORM);
    const args = ["--pure", await wheelIn(folder), join(folder, MARKUPSAFE.name)];
    const script = join(ROOT, "scripts", "unpack.py");
    await runQuietly("MarkupSafe", venvProgram("python"), [script, ...args], { log: "markupsafe" });
  },
};

/** @param {import("../cache.mjs").Cache} cache @returns {import("../stamp.mjs").Step} */
export function wheelsStep(cache) {
  return {
    name: "wheels",
    title: "Python packages for chat templates",
    inputs: () => [join(ROOT, "scripts", "unpack.py")],
    facts: [JINJA.sha256, MARKUPSAFE.sha256],
    outputs: () => [JINJA, MARKUPSAFE].map((wheel) => join(TARGET, wheel.name)),
    async run() {
      const files = [
        ...(await cache.obtain([JINJA], [pipSource("Jinja2==3.1.6")])),
        ...(await cache.obtain([MARKUPSAFE], [pureMarkupSafe])),
      ];
      for (const [name, path] of files) placeFile(path, join(TARGET, name));
    },
  };
}
