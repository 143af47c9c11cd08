/**
 * The kernels' module: which build this browser can run, fetched and compiled.
 *
 * In: the address of the site. Out: a compiled module and the name of its build. A browser without the relaxed integer
 * dot product, or with one that computes something else, gets the baseline build without a word: both give the same
 * bits. Refused, with an EngineError: a browser without SIMD, and kernels that cannot be fetched.
 */

import { EngineError } from "./errors";

export type KernelBuild = "relaxed" | "baseline";

export interface CompiledKernels {
  module: WebAssembly.Module;
  /** The module's bytes, whose digest stands in a story's record. */
  code: Uint8Array;
  build: KernelBuild;
  /** Whether it takes a shared memory, for threads. */
  shared: boolean;
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module that exports `f`: the dot product of 16 times -128 with 16 times 127, lane 0, added to 0. */
const RELAXED_PROBE = new Uint8Array([
  ...MAGIC,
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f], // one type: () -> i32
  ...[0x03, 0x02, 0x01, 0x00], // one function, of that type
  ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00], // exported as "f"
  ...[0x0a, 0x18, 0x01, 0x16, 0x00],
  ...[0x41, 0x80, 0x7f, 0xfd, 0x0f], // i32.const -128, i8x16.splat
  ...[0x41, 0xff, 0x00, 0xfd, 0x0f], // i32.const 127, i8x16.splat
  ...[0x41, 0x00, 0xfd, 0x11], // i32.const 0, i32x4.splat
  ...[0xfd, 0x93, 0x02], // i32x4.relaxed_dot_i8x16_i7x16_add_s
  ...[0xfd, 0x1b, 0x00, 0x0b], // i32x4.extract_lane 0, end
]);
const RELAXED_PROBE_RESULT = 4 * -128 * 127;

/** A module whose one function makes a vector: valid only where SIMD is. */
const SIMD_PROBE = new Uint8Array([
  ...MAGIC,
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // one type: () -> v128
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x08, 0x01, 0x06, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x0b],
]);

/** Whether the relaxed integer dot product is there and computes what the kernels count on. */
export function hasRelaxedDot(): boolean {
  try {
    if (!WebAssembly.validate(RELAXED_PROBE)) return false;
    const probe = new WebAssembly.Instance(new WebAssembly.Module(RELAXED_PROBE));
    return (probe.exports.f as () => number)() === RELAXED_PROBE_RESULT;
  } catch {
    return false;
  }
}

async function fetchKernels(base: string, build: KernelBuild, shared: boolean): Promise<CompiledKernels> {
  const name = `kernels/${build}${shared ? "-shared" : ""}.wasm`;
  const response = await fetch(new URL(name, base));
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  const code = await response.arrayBuffer();
  return { module: await WebAssembly.compile(code), code: new Uint8Array(code), build, shared };
}

/** Fetches and compiles the fastest build that this browser runs. */
export async function compileKernels(base: string, shared = false): Promise<CompiledKernels> {
  if (!WebAssembly.validate(SIMD_PROBE)) {
    throw new EngineError({
      code: "browser-too-old",
      message:
        "This browser cannot run the engine: it lacks WebAssembly SIMD. Use a current Chrome, Firefox or Safari.",
    });
  }
  if (hasRelaxedDot()) {
    try {
      return await fetchKernels(base, "relaxed", shared);
    } catch {
      // The baseline build does the same, slower; if it fails too, its error is the one to tell.
    }
  }
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
