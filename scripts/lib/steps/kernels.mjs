// SPDX-License-Identifier: Apache-2.0
/**
 * The kernels: C compiled to WebAssembly, with the relaxed integer dot product and without, and both for a shared memory.
 *
 * Refused: bytes that are not those that the engine's source names (kernel-digests.mjs).
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { BUILDS, builtDigests, checkDigests, pinnedDigests } from "../kernel-digests.mjs";
import { PUBLIC, ROOT, venvProgram } from "../paths.mjs";
import { placeFile } from "../place.mjs";
import { runQuietly } from "../run.mjs";
import { writeWhole } from "../stamp.mjs";

const BUILDER = join(ROOT, "scripts", "build_kernels.py");
const BUILT = join(ROOT, "build", "kernels");
const TARGET = join(PUBLIC, "kernels");

/** @returns {import("../stamp.mjs").Step} */
export function kernelsStep() {
  return {
    name: "kernels",
    title: "Kernels",
    inputs: () => [join(ROOT, "kernels"), BUILDER, join(ROOT, "scripts", "requirements.txt")],
    facts: Object.values(pinnedDigests()),
    outputs: () => [
      ...BUILDS.flatMap((name) => [join(BUILT, `${name}.wasm`), join(TARGET, `${name}.wasm`)]),
      join(TARGET, "kernels.json"),
    ],
    async run() {
      await runQuietly("The kernels", venvProgram("python"), [BUILDER], { log: "kernels" });
      const built = await builtDigests(BUILT);
      checkDigests(built, pinnedDigests());
      /** @type {Record<string, {file: string, size: number, sha256: string | undefined}>} */
      const list = {};
      for (const name of BUILDS) {
        const target = join(TARGET, `${name}.wasm`);
        placeFile(join(BUILT, `${name}.wasm`), target);
        list[name] = { file: `${name}.wasm`, size: statSync(target).size, sha256: built[name] };
      }
      writeWhole(join(TARGET, "kernels.json"), JSON.stringify(list, null, 2));
    },
  };
}
