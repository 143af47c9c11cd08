// SPDX-License-Identifier: Apache-2.0
/**
 * Pyodide and our Python package, started from the site's own files.
 *
 * In: the address of the site. Out: a running Python with the package installed by micropip from the wheels that the
 * site serves, in named steps. Refused, with an EngineError: files that cannot be fetched, wheels with other bytes than the
 * site's list names, and a browser that cannot run it.
 */

import type { PyodideAPI } from "pyodide";
import { EngineError } from "../errors";
import { StartFiles } from "./start-files";

/** Pyodide's own packages, from its lock file: what ours needs, and what installs ours. */
const PACKAGES = ["numpy", "regex", "micropip"];

/** Nothing may depend on the order in which Python's hashes fall. */
const ENVIRONMENT = { HOME: "/home/pyodide", PYTHONHASHSEED: "0" };

interface WheelList {
  wheels: { file: string; sha256: string }[];
}

interface Micropip {
  install: { callKwargs(requirements: string[], options: { deps: boolean }): Promise<void> };
  destroy(): void;
}

interface Wheel {
  file: string;
  bytes: Uint8Array;
}

/** The wheels that the site lists. One whose SHA-256 is not the listed one is refused, by StartFiles or by the browser. */
async function fetchWheels(base: string): Promise<Wheel[]> {
  const folder = new URL("wheels/", base);
  const response = await fetch(new URL("wheels.json", folder));
  if (!response.ok) throw new Error(`wheels.json: ${response.status}`);
  const { wheels } = (await response.json()) as WheelList;
  return Promise.all(wheels.map((wheel) => fetchWheel(folder, wheel)));
}

async function fetchWheel(folder: URL, { file, sha256 }: WheelList["wheels"][number]): Promise<Wheel> {
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error(`wheels.json has no digest of ${file}`);
  const digest = btoa(String.fromCharCode(...(sha256.match(/../g) ?? []).map((byte) => parseInt(byte, 16))));
  const response = await fetch(new URL(file, folder), { integrity: `sha256-${digest}` });
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return { file, bytes: new Uint8Array(await response.arrayBuffer()) };
}

const SITE_PACKAGES = "/lib/python3.14/site-packages";

/** The modules' bytecode, as scripts/compile_python.mjs wrote it; without it Python compiles them itself. */
async function fetchBytecode(base: string, files: StartFiles): Promise<ArrayBuffer | undefined> {
  try {
    const response = await files.optional(new URL("wheels/bytecode.zip", base).href);
    return response.ok ? await response.arrayBuffer() : undefined;
  } catch {
    return undefined;
  }
}

/** Room for a snapshot; what is not written takes no memory. A larger snapshot is a RangeError. */
const SNAPSHOT_ROOM = 64 << 20;

/** All bytes of a stream. They are gathered here because of what Response gathers, the browser keeps a copy for long. */
async function collect(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const room = new Uint8Array(SNAPSHOT_ROOM);
  const reader = stream.getReader();
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return room.subarray(0, size);
    room.set(value, size);
    size += value.length;
  }
}

/**
 * The memory of a Python that has just started, as scripts/snapshot_python.mjs wrote it; undefined where it is missing.
 * With it Python starts in a fraction of the time.
 */
async function fetchSnapshot(indexURL: string, files: StartFiles): Promise<Uint8Array | undefined> {
  try {
    const response = await files.optional(`${indexURL}python.snapshot`);
    if (!response.ok || !response.body) return undefined;
    return await collect(response.body.pipeThrough(new DecompressionStream("gzip")));
  } catch {
    return undefined;
  }
}

/** Not yet in TypeScript's library. */
interface TransferableBuffer {
  transfer?(bytes: number): ArrayBuffer;
}

/** Gives the snapshot's 31 MB back at once: Pyodide keeps its options, and would keep them for ever. */
function giveBack(memory: Uint8Array): void {
  (memory.buffer as TransferableBuffer).transfer?.(0);
}

/** Fetches what is imported: an import that gets no answer would wait for ever. It then comes from the browser's cache. */
async function fetchModules(indexURL: string, files: StartFiles): Promise<void> {
  const names = ["pyodide.mjs", "pyodide.asm.mjs"];
  await Promise.all(names.map(async (name) => (await files.needed(`${indexURL}${name}`)).arrayBuffer()));
}

async function load(indexURL: string, files: StartFiles): Promise<PyodideAPI> {
  const [memory] = await Promise.all([fetchSnapshot(indexURL, files), fetchModules(indexURL, files)]);
  const runtime = import(/* @vite-ignore */ `${indexURL}pyodide.mjs`) as Promise<typeof import("pyodide")>;
  const { loadPyodide } = await runtime;
  const silent = (): void => undefined;
  const options = { indexURL, packages: PACKAGES, env: ENVIRONMENT, stdout: silent, stderr: silent };
  if (memory) {
    try {
      const python = await loadPyodide({ ...options, _loadSnapshot: memory });
      giveBack(memory);
      return python;
    } catch {
      // A browser that cannot take it over starts Python in the ordinary way.
    }
  }
  return loadPyodide(options);
}

async function start(base: string, files: StartFiles, onStep: (step: "python") => void): Promise<PyodideAPI> {
  const wheels = fetchWheels(base);
  wheels.catch(() => undefined); // awaited below; until then a failure is not unhandled
  const bytecode = fetchBytecode(base, files);
  const python = await load(new URL("pyodide/", base).href, files);
  onStep("python");
  const compiled = await bytecode;
  if (compiled) python.unpackArchive(compiled, "zip", { extractDir: SITE_PACKAGES });
  const micropip = python.pyimport("micropip") as unknown as Micropip;
  const paths = (await wheels).map(({ file, bytes }) => {
    python.FS.writeFile(`/tmp/${file}`, bytes);
    return `emfs:/tmp/${file}`;
  });
  // Every wheel is named, so there is nothing to resolve and no index to ask.
  await micropip.install.callKwargs(paths, { deps: false });
  for (const path of paths) python.FS.unlink(path.slice("emfs:".length));
  micropip.destroy();
  return python;
}

/** Starts Python. `onStep` is told when Python itself runs. */
export async function startPython(base: string, onStep: (step: "python") => void): Promise<PyodideAPI> {
  const files = new StartFiles(["pyodide/", "wheels/"].map((folder) => new URL(folder, base).href));
  const uninstall = files.install();
  try {
    return await Promise.race([start(base, files, onStep), files.failed]);
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError({
      code: "engine-cannot-start",
      message:
        "The engine could not be started in this browser. Close other tabs and load the page again; if it happens once " +
        "more, use another browser.",
      details: { cause: String(cause) },
    });
  } finally {
    uninstall();
  }
}
