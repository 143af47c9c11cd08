// SPDX-License-Identifier: Apache-2.0
/**
 * The kernels' module: which build this browser can run, fetched, compiled and checked.
 *
 * In: the address of the site. Out: a compiled module and the name of its build. A browser without the relaxed integer
 * dot product gets the baseline build without a word: both give the same bits. So does one where the faster build fails
 * its own check (kernels/run/self_check.c), with a reason. Refused, with an EngineError: a browser without SIMD, kernels that
 * cannot be fetched, and a baseline build that fails the check.
 */

import { EngineError } from "../errors";
import { watchedFetch } from "../network/stall";

export type KernelBuild = "relaxed" | "baseline";

export interface CompiledKernels {
  module: WebAssembly.Module;
  /** The module's bytes, whose digest stands in a story's record. */
  code: Uint8Array<ArrayBuffer>;
  build: KernelBuild;
  /** Whether it takes a shared memory, for threads. */
  shared: boolean;
  /** Why it is the slower build where the browser has what the faster one needs; else null. */
  reason: string | null;
}

const WRONG = "the faster ones compute something else in this browser than they should";

/** Pages of memory for a check: the kernels' own data and stack, and what the check needs. */
const CHECK_PAGES = 16;

const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module whose one function makes a vector: valid only where SIMD is. */
const SIMD_PROBE = new Uint8Array([
  ...MAGIC,
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // one type: () -> v128
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x08, 0x01, 0x06, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x0b],
]);

/** The same, with the relaxed integer dot product that the faster build is made of. */
const RELAXED_PROBE = new Uint8Array([
  ...MAGIC,
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x0f, 0x01, 0x0d, 0x00],
  ...[0x41, 0x00, 0xfd, 0x0f], // i32.const 0, i8x16.splat
  ...[0x41, 0x00, 0xfd, 0x0f],
  ...[0xfd, 0x92, 0x02, 0x0b], // i16x8.relaxed_dot_i8x16_i7x16_s, end
]);

async function fetchKernels(
  base: string,
  build: KernelBuild,
  shared: boolean,
): Promise<Omit<CompiledKernels, "reason">> {
  const name = `kernels/${build}${shared ? "-shared" : ""}.wasm`;
  const response = await watchedFetch(new URL(name, base));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  const code = await response.arrayBuffer();
  return { module: await WebAssembly.compile(code), code: new Uint8Array(code), build, shared };
}

/** Whether fixed inputs give the bits that they should, on a memory of their own. */
function computesRight(module: WebAssembly.Module, shared: boolean): boolean {
  const memory = new WebAssembly.Memory({ initial: CHECK_PAGES, maximum: CHECK_PAGES, shared });
  try {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const room = (exports.__heap_base as WebAssembly.Global<"i32">).value;
    return (exports.self_check as (room: number) => number)(room) === 1;
  } catch {
    return false;
  }
}

/** Fetches and compiles the fastest build that this browser runs as it should. */
export async function compileKernels(base: string, shared = false): Promise<CompiledKernels> {
  if (!WebAssembly.validate(SIMD_PROBE)) {
    throw new EngineError({
      code: "browser-too-old",
      message:
        "This browser cannot run the engine: it lacks WebAssembly SIMD. Use a current Chrome, Firefox or Safari.",
    });
  }
  let reason: string | null = null;
  if (WebAssembly.validate(RELAXED_PROBE)) {
    try {
      const kernels = await fetchKernels(base, "relaxed", shared);
      if (computesRight(kernels.module, shared)) return { ...kernels, reason };
      reason = WRONG;
    } catch {
      // The baseline build does the same, slower; if it fails too, its error is the one to tell.
    }
  }
  const kernels = await fetchBaseline(base, shared);
  if (computesRight(kernels.module, shared)) return { ...kernels, reason };
  throw new EngineError({
    code: "wrong-kernels",
    message:
      "This browser computes something else than it should, so no story it wrote could be written again. Update the " +
      "browser, or use another one.",
  });
}

async function fetchBaseline(base: string, shared: boolean): ReturnType<typeof fetchKernels> {
  try {
    return await fetchKernels(base, "baseline", shared);
  } catch (cause) {
    throw new EngineError({
      code: "kernels-unavailable",
      message: "A part of the engine could not be loaded. Check the connection and load the page again.",
      details: { cause: String(cause) },
    });
  }
}
