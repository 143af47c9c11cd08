/**
 * The digests that the kernels have, as the engine's source gives them (numerics.py).
 *
 * In: the folder of the compiled kernels. Out: nothing, or numerics.py with their digests written into it. Refused: kernels
 * that differ from what is written there.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256File } from "./cache.mjs";
import { ROOT } from "./paths.mjs";
import { Problem } from "./problem.mjs";
import { writeWhole } from "./stamp.mjs";

/** With the relaxed integer dot product and without, and both for a shared memory. */
export const BUILDS = ["relaxed", "baseline", "relaxed-shared", "baseline-shared"];

const SOURCE = join(ROOT, "py", "taleproof", "numerics.py");
const TABLE = /^KERNEL_DIGESTS = \{\n([^}]*)\}$/m;

/** @returns {Record<string, string>} build -> SHA-256 */
export function pinnedDigests(source = readFileSync(SOURCE, "utf8")) {
  const rows = TABLE.exec(source)?.[1]?.matchAll(/"([\w-]+)": "([0-9a-f]{64})"/g) ?? [];
  return Object.fromEntries([...rows].map(([, name = "", digest = ""]) => [name, digest]));
}

/** @param {string} folder @returns {Promise<Record<string, string>>} */
export async function builtDigests(folder) {
  const rows = BUILDS.map(async (name) => [name, await sha256File(join(folder, `${name}.wasm`))]);
  return Object.fromEntries(await Promise.all(rows));
}

/** @param {Record<string, string>} built @param {Record<string, string>} pinned */
export function checkDigests(built, pinned) {
  const other = BUILDS.find((name) => built[name] !== pinned[name]);
  if (other === undefined) return;
  throw new Problem(
    "kernels-differ",
    `The kernels that were compiled here are not those of py/taleproof/numerics.py.\n` +
      `  ${other}: expected SHA-256 ${pinned[other]}\n  ${other}: actual SHA-256   ${built[other]}\n` +
      "If you changed kernels/ or their compiler, run: npm run kernels:pin. If you did not, the compiler is not the one " +
      "that requirements.txt names: remove .venv and run the command again.",
  );
}

/** Writes the digests into the engine's source. @param {Record<string, string>} built */
export function pinDigests(built) {
  const rows = BUILDS.map((name) => `    "${name}": "${built[name]}",\n`).join("");
  writeWhole(SOURCE, readFileSync(SOURCE, "utf8").replace(TABLE, `KERNEL_DIGESTS = {\n${rows}}`));
}
