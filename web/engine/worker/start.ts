// SPDX-License-Identifier: Apache-2.0
/**
 * Starts all that the worker needs: the arena with its threads, Python, and the engine in it.
 *
 * In: where the site is, and what Python is given of the page. Out: the engine, with progress on the way. Kernels and
 * Python start side by side; from the end on everything random in this worker is seeded.
 */

import type { PyodideAPI } from "pyodide";
import type { Arena } from "../memory/arena";
import { makeArena } from "../memory/make-arena";
import type { HelperLink } from "../memory/team";
import type { Fetcher } from "../network/fetcher";
import type { StartArgs, StartProgress, StartStep } from "../protocol";
import { startPython } from "../python/python";
import type { ModelStorage } from "../storage/storage";
import type { ApiModule, PythonApi } from "./python-api";

/** What the engine is made of. */
export interface Parts {
  storage: ModelStorage;
  fetcher: Fetcher;
  /** The way to the page, which starts the kernels' threads. */
  helpers: HelperLink;
}

/** An engine that runs. */
export interface RunningEngine {
  api: PythonApi;
  arena: Arena;
  /** Why there is only one thread, where the device has more cores; else null. */
  threadsReason: string | null;
  /** The version of Pyodide. */
  pyodide: string;
  /** Milliseconds from the start of the worker to the end of each step. */
  timings: Record<string, number>;
}

/** Shares of the whole start, in the order in which the steps end on a warm cache. */
const SHARES: Record<StartStep, number> = {
  script: 0,
  kernels: 0.1,
  python: 0.65,
  packages: 0.9,
  engine: 1,
  ready: 1,
};

/**
 * The first progress is told once the lock is held, before anything is fetched or compiled: from then on the page watches
 * the lock, and waits as long as the worker lives.
 */
export async function startEngine(
  { base, interrupts, lock }: StartArgs,
  { storage, fetcher, helpers }: Parts,
  progress: (progress: StartProgress) => void,
): Promise<RunningEngine> {
  await holdLock(lock);
  progress({ step: "script", fraction: SHARES.script });
  void storage.tidy();
  const { timings, step } = stepsOf(progress);
  const making = makeArena(base, helpers).then((made) => {
    step("kernels");
    return made;
  });
  making.catch(() => undefined); // awaited below; until then a failure is not unhandled
  const python = await startPython(base, step);
  step("packages");
  const { arena, reason: threadsReason } = await making;
  const module = python.pyimport("taleproof.apps.worker.api") as unknown as ApiModule;
  const device_bytes = deviceBytes();
  const api = module.create({ arena, storage, fetcher, device_bytes, python_bytes: () => heapBytes(python) });
  if (interrupts) python.setInterruptBuffer(interrupts);
  drawRandomnessFrom(api);
  step("engine");
  step("ready");
  return { api, arena, threadsReason, pyodide: python.version, timings };
}

/** Takes the time of each step, and tells how much of the start is done. */
function stepsOf(progress: (progress: StartProgress) => void): {
  timings: Record<string, number>;
  step: (name: StartStep) => void;
} {
  const timings: Record<string, number> = {};
  let furthest = 0;
  const step = (name: StartStep): void => {
    timings[name] = Math.round(performance.now());
    furthest = Math.max(furthest, SHARES[name]);
    progress({ step: name, fraction: furthest });
  };
  return { timings, step };
}

/** Holds a lock for good; the page is given it when this worker is gone. A browser without locks goes without. */
function holdLock(name: string): Promise<void> {
  const locks = (navigator as Partial<typeof navigator>).locks;
  if (!locks) return Promise.resolve();
  return new Promise((held) => {
    const forGood = (): Promise<never> => {
      held();
      return new Promise(() => undefined);
    };
    locks.request(name, forGood).catch(() => held());
  });
}

/** The device's memory as far as the browser tells: it names few sizes, and 8 GB for everything above. */
function deviceBytes(): number | undefined {
  const gigabytes = (navigator as typeof navigator & { deviceMemory?: number }).deviceMemory;
  return gigabytes === undefined || gigabytes >= 8 ? undefined : gigabytes * 2 ** 30;
}

/** The size of Python's own memory, of which Pyodide's public interface does not tell. */
function heapBytes(python: PyodideAPI): number {
  return (python as unknown as { _module: { HEAPU8: Uint8Array } })._module.HEAPU8.byteLength;
}

/** From here on everything random in this worker comes from the seeded generator of entropy.py. */
function drawRandomnessFrom(api: PythonApi): void {
  const getRandomValues = <T extends ArrayBufferView | null>(array: T): T => {
    if (array) {
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      bytes.set(api.random_bytes(bytes.length));
    }
    return array;
  };
  Object.defineProperty(crypto, "getRandomValues", { value: getRandomValues, configurable: true });
}
