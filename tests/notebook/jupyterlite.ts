// SPDX-License-Identifier: Apache-2.0
/**
 * A JupyterLite site, with a notebook and files of a test's own, and our Pyodide.
 *
 * The empty site and the wheels of its kernel are built once, from packages that are known by digest, and kept in the cache
 * under what they are made of. In: files, and the lines of a notebook's one cell. Out: a folder to be served as it is.
 */
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { runPip } from "../../scripts/lib/download.mjs";
import { cacheFolder, ROOT, venvProgram } from "../../scripts/lib/paths.mjs";
import { runQuietly } from "../../scripts/lib/run.mjs";
import { makePyodideFolder, TEMPLATE_WHEELS } from "./pyodide-folder";

const HERE = join(ROOT, "tests", "notebook");
const SITE = join(HERE, "site.txt");
const KERNEL = join(HERE, "kernel.txt");
const APPS = ["--apps", "notebooks"];
const NOTEBOOK = "story.ipynb";
/** Lists the files of a folder of the site's contents. */
const ALL = "all.json";

/** Builds aside and renames, so that an interruption leaves no half site. */
async function built(): Promise<string> {
  const parts = [SITE, KERNEL, join(HERE, "jupyterlite.ts")].map((path) => readFileSync(path));
  const key = createHash("sha256").update(Buffer.concat(parts)).digest("hex");
  const folder = join(cacheFolder(), "jupyterlite", key.slice(0, 16));
  if (existsSync(folder)) return folder;
  const aside = `${folder}.${process.pid}.partial`;
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });
  try {
    await build(aside);
    renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return folder;
}

async function build(folder: string): Promise<void> {
  const what = "The JupyterLite site";
  const environment = join(folder, "environment");
  await runQuietly(what, venvProgram("python"), ["-m", "venv", environment], { log: "jupyterlite-venv" });
  const python = join(environment, "bin", "python");
  const hashed = ["--no-cache-dir", "--require-hashes", "--only-binary=:all:"];
  const install = ["-m", "pip", "--python", python, "install", ...hashed, "-r", SITE];
  await runPip(what, install, "jupyterlite-pip");
  const wheels = ["--dest", join(folder, "wheels"), "--no-deps", "--platform=any", "--python-version=3.14"];
  await runPip(
    "The kernel's packages",
    ["-m", "pip", "download", ...hashed, ...wheels, "-r", KERNEL],
    "jupyterlite-kernel",
  );
  const source = join(folder, "source");
  mkdirSync(source);
  const args = [
    "-m",
    "jupyterlite_core",
    "build",
    "--lite-dir",
    source,
    "--output-dir",
    join(folder, "site"),
    ...APPS,
  ];
  await runQuietly(what, python, args, { log: "jupyterlite-build", cwd: source });
  for (const left of [environment, source]) rmSync(left, { recursive: true });
}

/** Fills a folder with a site; returns the address of its notebook below the site's. */
export async function makeNotebookSite(folder: string, files: string[], cell: string): Promise<string> {
  const cached = await built();
  cpSync(join(cached, "site"), folder, { recursive: true });
  const wheels = readdirSync(join(cached, "wheels")).map((name) => join(cached, "wheels", name));
  makePyodideFolder(join(folder, "pyodide"), [...TEMPLATE_WHEELS, ...wheels]);
  configure(
    join(folder, "jupyter-lite.json"),
    wheels.map((wheel) => basename(wheel).split("-")[0] ?? ""),
  );
  const contents = join(folder, "files");
  mkdirSync(contents, { recursive: true });
  for (const file of files) cpSync(file, join(contents, basename(file)));
  writeFileSync(join(contents, NOTEBOOK), JSON.stringify(notebook(cell)));
  list(contents, join(folder, "api", "contents"));
  return `notebooks/index.html?path=${NOTEBOOK}`;
}

/** The kernel loads Pyodide from this site, and asks no package index; the site lists its contents. */
function configure(path: string, packages: string[]): void {
  const config = JSON.parse(readFileSync(path, "utf8")) as Record<string, Record<string, unknown>>;
  const kernel = "@jupyterlite/pyodide-kernel-extension:kernel";
  const data = config["jupyter-config-data"]!;
  data.contentsAllJsonFile = ALL;
  const settings = (data.litePluginSettings ??= {}) as Record<string, object>;
  settings[kernel] = {
    ...settings[kernel],
    pyodideUrl: "./pyodide/pyodide.mjs",
    disablePyPIFallback: true,
    loadPyodideOptions: { packages: packages.map((name) => name.replaceAll("_", "-")) },
  };
  writeFileSync(path, JSON.stringify(config));
}

function notebook(cell: string): object {
  const kernel = { name: "python", display_name: "Python (Pyodide)", language: "python" };
  return {
    cells: [
      { cell_type: "code", id: "story", execution_count: null, metadata: {}, outputs: [], source: cell },
    ],
    metadata: { kernelspec: kernel, language_info: { name: "python" } },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

/** Lists the files as a site's contents. */
function list(contents: string, api: string): void {
  const time = new Date(0).toISOString();
  const common = { created: time, last_modified: time, writable: true, content: null };
  const content = readdirSync(contents).map((name) => ({
    ...common,
    ...{ name, path: name, size: readFileSync(join(contents, name)).length },
    ...(name.endsWith(".ipynb")
      ? { type: "notebook", format: "json", mimetype: null }
      : { type: "file", format: null, mimetype: "application/octet-stream" }),
  }));
  const root = {
    ...common,
    name: "",
    path: "",
    type: "directory",
    format: "json",
    mimetype: null,
    size: null,
  };
  mkdirSync(api, { recursive: true });
  writeFileSync(join(api, ALL), JSON.stringify({ ...root, content }));
}
