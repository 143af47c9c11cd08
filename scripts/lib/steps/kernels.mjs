/** The kernels: C compiled to WebAssembly, with the relaxed integer dot product and without, and both for a shared memory. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { sha256File } from "../cache.mjs";
import { PUBLIC, ROOT, venvProgram } from "../paths.mjs";
import { placeFile } from "../place.mjs";
import { runQuietly } from "../run.mjs";
import { writeWhole } from "../stamp.mjs";

const BUILDER = join(ROOT, "scripts", "build_kernels.py");
const BUILT = join(ROOT, "build", "kernels");
const TARGET = join(PUBLIC, "kernels");
const BUILDS = ["relaxed", "baseline", "relaxed-shared", "baseline-shared"];

/** @returns {import("../stamp.mjs").Step} */
export function kernelsStep() {
  return {
    name: "kernels",
    title: "Kernels",
    inputs: () => [join(ROOT, "kernels"), BUILDER, join(ROOT, "scripts", "requirements.txt")],
    outputs: () => [
      ...BUILDS.flatMap((name) => [join(BUILT, `${name}.wasm`), join(TARGET, `${name}.wasm`)]),
      join(TARGET, "kernels.json"),
    ],
    async run() {
      await runQuietly("The kernels", venvProgram("python"), [BUILDER], { log: "kernels" });
      const list = {};
      for (const name of BUILDS) {
        const target = join(TARGET, `${name}.wasm`);
        placeFile(join(BUILT, `${name}.wasm`), target);
        list[name] = { file: `${name}.wasm`, size: statSync(target).size, sha256: await sha256File(target) };
      }
      writeWhole(join(TARGET, "kernels.json"), JSON.stringify(list, null, 2));
    },
  };
}
