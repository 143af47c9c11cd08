// SPDX-License-Identifier: Apache-2.0
/**
 * The digests that the kernels have, as the engine's source gives them (memory/kernels.py), and those of every release.
 *
 * In: the folder of the compiled kernels. Out: nothing, or kernels.py and releases.json with their digests written into
 * them. Refused: kernels that differ from what kernels.py says.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sha256File } from "./cache.mjs";
import { ROOT } from "./paths.mjs";
import { Problem } from "./problem.mjs";
import { writeWhole } from "./stamp.mjs";
import { engineVersion } from "./version.mjs";

/** With the relaxed integer dot product and without, and both for a shared memory. */
export const BUILDS = ["relaxed", "baseline", "relaxed-shared", "baseline-shared"];

const SOURCE = join(ROOT, "py", "taleproof", "memory", "kernels.py");
const NUMERICS = join(ROOT, "py", "taleproof", "nn", "numerics.py");
const RELEASES = join(ROOT, "kernels", "releases.json");
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
    `The kernels that were compiled here are not those of py/taleproof/memory/kernels.py.\n` +
      `  ${other}: expected SHA-256 ${pinned[other]}\n  ${other}: actual SHA-256   ${built[other]}\n` +
      "If you changed kernels/ or their compiler, run: npm run kernels:pin. If you did not, the compiler is not the one " +
      "that requirements.txt names: remove .venv and run the command again.",
  );
}

/** Writes the digests into the engine's source, and as the only ones of its version. @param {Record<string, string>} built */
export function pinDigests(built) {
  const source = readFileSync(SOURCE, "utf8");
  const rows = BUILDS.map((name) => `    "${name}": "${built[name]}",\n`).join("");
  writeWhole(SOURCE, source.replace(TABLE, `KERNEL_DIGESTS = {\n${rows}}`));
  const releases = withRelease(JSON.parse(readFileSync(RELEASES, "utf8")), engineVersion(), {
    numerics: Number(/^NUMERICS_VERSION = (\d+)$/m.exec(readFileSync(NUMERICS, "utf8"))?.[1]),
    kernels: [built],
  });
  writeWhole(RELEASES, `${JSON.stringify(releases, null, 2)}\n`);
}

/**
 * The releases with one more, which stands first, or with that one changed.
 * @typedef {{numerics: number, kernels: Record<string, string>[]}} Release
 * @param {Record<string, Release>} releases
 * @param {string} version
 * @param {Release} release
 */
export function withRelease(releases, version, release) {
  return { ...(version in releases ? {} : { [version]: release }), ...releases, [version]: release };
}
