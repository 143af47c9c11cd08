/**
 * Pyodide, served from our own output: its runtime from the npm package, its wheels with the digests of its own lock file
 * from its CDN or, where that cannot be reached, out of a Python package that carries the same bytes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pipSource, webSource } from "../download.mjs";
import { PUBLIC, ROOT } from "../paths.mjs";
import { placeFile } from "../place.mjs";

export const PYODIDE_VERSION = "314.0.4";
const SOURCE = join(ROOT, "node_modules", "pyodide");
const TARGET = join(PUBLIC, "pyodide");
const RUNTIME = [
  "pyodide.mjs",
  "pyodide.asm.mjs",
  "pyodide.asm.wasm",
  "python_stdlib.zip",
  "pyodide-lock.json",
];
const PACKAGES = ["numpy", "micropip", "packaging", "regex"];

/** The wheels' names and digests, as Pyodide's lock file gives them. */
export function lockedWheels(lock, packages = PACKAGES) {
  return packages.map((name) => ({
    name: lock.packages[name].file_name,
    sha256: lock.packages[name].sha256,
  }));
}

function readLock() {
  return JSON.parse(readFileSync(join(SOURCE, "pyodide-lock.json"), "utf8"));
}

/** @returns {import("../stamp.mjs").Step} */
export function pyodideStep(cache) {
  return {
    name: "pyodide",
    title: "Pyodide and its packages",
    inputs: () => [join(SOURCE, "pyodide-lock.json")],
    facts: [PYODIDE_VERSION, ...PACKAGES, ...RUNTIME],
    outputs: () =>
      [...RUNTIME, ...lockedWheels(readLock()).map((wheel) => wheel.name)].map((n) => join(TARGET, n)),
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
      const wheels = await cache.obtain(lockedWheels(readLock()), sources);
      for (const [name, path] of wheels) placeFile(path, join(TARGET, name));
    },
  };
}
