// SPDX-License-Identifier: Apache-2.0
/**
 * Builds the engine as an npm package: web/engine and public/ -> build/npm. Only when something has changed.
 *
 * Out: a folder with index.js and its types, assets/ with all that a page fetches (the worker, its helper, Pyodide, the
 * wheels, the kernels) and a program that copies them; and the folder as a tarball. The same files give the same
 * tarball. No dependencies, and nothing of the site's page or of the chain.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PUBLIC, ROOT, venvProgram } from "./paths.mjs";
import { runQuietly, runShown } from "./run.mjs";
import { Problem } from "./problem.mjs";
import { stamps } from "./set-up.mjs";
import { filesBelow } from "./stamp.mjs";
import { listPackages } from "./vite-packages.mjs";

const ENGINE = join(ROOT, "web", "engine");
const EXTRAS = join(ROOT, "scripts", "npm");
const TARGET = join(ROOT, "build", "npm");
/** What the tarball is packed from. */
export const FOLDER = join(TARGET, "package");
const ASSETS = join(FOLDER, "assets");
const TSC = join(ROOT, "node_modules", "typescript", "bin", "tsc");
/** What a page fetches, besides the two scripts. */
const SERVED = ["pyodide", "wheels", "kernels"];
/** What else the package depends on. */
const SOURCES = [
  "LICENSE",
  "NOTICE",
  "package.json",
  "licences",
  "tsconfig.base.json",
  "tsconfig.package.json",
  "scripts/lib",
  "scripts/licences.py",
];
const LICENCES = join(ROOT, "scripts", "licences.py");
const OWN = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

export const TARBALL = join(TARGET, `${OWN.name}.tgz`);

/** @type {import("./stamp.mjs").Step} */
const packageStep = {
  name: "npm-package",
  title: "The npm package",
  inputs: () => [
    ENGINE,
    EXTRAS,
    ...SERVED.map((name) => join(PUBLIC, name)),
    ...SOURCES.map((name) => join(ROOT, name)),
  ],
  outputs: () => [TARBALL],
  async run() {
    rmSync(TARGET, { recursive: true, force: true });
    mkdirSync(ASSETS, { recursive: true });
    const packages = listPackages();
    await bundle("index.ts", FOLDER, packages);
    await bundle("worker/worker.ts", ASSETS, packages);
    await bundle("memory/helper.ts", ASSETS, packages);
    await declareTypes();
    for (const name of SERVED) cpSync(join(PUBLIC, name), join(ASSETS, name), { recursive: true });
    for (const name of readdirSync(EXTRAS)) cpSync(join(EXTRAS, name), join(FOLDER, name));
    cpSync(join(ROOT, "LICENSE"), join(FOLDER, "LICENSE"));
    await writeLicences();
    writeFileSync(join(FOLDER, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
    await pack();
  },
};

export async function buildPackage() {
  if (stamps.isDone(packageStep)) return;
  console.log(`${packageStep.title} ...`);
  await stamps.run(packageStep);
}

/** The tarball, under a name that does not change with the version. */
async function pack() {
  await runQuietly("The tarball", "npm", ["pack", FOLDER, "--pack-destination", TARGET], { log: "npm-pack" });
  renameSync(join(TARGET, `${OWN.name}-${OWN.version}.tgz`), TARBALL);
}

/** The package's own package.json. */
function manifest() {
  const { name, version, description, license } = OWN;
  return {
    name,
    version,
    description,
    license,
    type: "module",
    sideEffects: false,
    exports: {
      ".": { types: "./types/index.d.ts", default: "./index.js" },
      "./assets/*": "./assets/*",
      "./package.json": "./package.json",
    },
    types: "./types/index.d.ts",
    files: ["index.js", "types", "assets", "taleproof-assets.js", "NOTICE"],
    bin: { "taleproof-assets": "taleproof-assets.js" },
  };
}

/**
 * One script of web/engine with all that it imports.
 * @param {string} source
 * @param {string} outDir
 * @param {ReturnType<typeof listPackages>} packages
 */
async function bundle(source, outDir, packages) {
  const { build } = await import("vite");
  await build({
    root: ROOT,
    configFile: false,
    base: "./",
    logLevel: "warn",
    publicDir: false,
    plugins: [packages.page],
    build: {
      target: "es2022",
      outDir,
      emptyOutDir: false,
      minify: false,
      lib: { entry: join(ENGINE, source), formats: ["es"], fileName: (_format, name) => `${name}.js` },
    },
  });
}

/** The licences of what is in the assets, in a page beside them, and the lines of NOTICE about it beside the scripts. */
async function writeLicences() {
  if ((await runShown(venvProgram("python"), [LICENCES, ASSETS, "--part"])) !== 0) {
    throw new Problem(
      "licences-incomplete",
      "The package has parts that NOTICE does not name as they are. Each stands above: correct its line in NOTICE.",
    );
  }
  renameSync(join(ASSETS, "NOTICE"), join(FOLDER, "NOTICE"));
}

/** The types, with whole names in their imports: Node's way of finding them does not guess an ending. */
async function declareTypes() {
  await runQuietly("The types", process.execPath, [TSC, "--project", "tsconfig.package.json"], {
    log: "npm-types",
  });
  for (const path of filesBelow(join(FOLDER, "types"))) {
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/(from "\.{1,2}\/[^"]+)"/g, '$1.js"'));
  }
}
