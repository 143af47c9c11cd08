// SPDX-License-Identifier: Apache-2.0
/** How fast a model's file is hashed, where it lies in the arena: the work that each load of a model does. */
import { Arena } from "../../engine/memory/arena";
import { compileKernels } from "../../engine/memory/kernels";

const CHUNK = 1 << 20;
/** The median of three counts: the first is slower, while the browser still compiles the kernel for speed. */
const RUNS = 3;

/** Bytes a second of SHA-256. Refused: a digest that is not the file's. */
export async function digestRate(url: string, sha256: string): Promise<number> {
  const file = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const arena = new Arena(await compileKernels(document.baseURI));
  const kernel = (name: string) => arena.exports[name] as (...args: number[]) => number;
  const state = arena.base;
  const result = state + kernel("sha256_state_size")();
  const data = Math.ceil((result + 32) / 64) * 64;
  arena.ensure(data + file.length);
  arena.put(data, file);
  const seconds: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const began = performance.now();
    kernel("sha256_init")(state);
    for (let at = 0; at < file.length; at += CHUNK) {
      kernel("sha256_update")(state, data + at, Math.min(CHUNK, file.length - at));
    }
    kernel("sha256_final")(state, result);
    seconds.push((performance.now() - began) / 1000);
  }
  const hex = [...arena.view(result, 32)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (hex !== sha256) throw new Error(`the digest is wrong: ${hex}`);
  return file.length / seconds.sort((a, b) => a - b)[RUNS >> 1]!;
}
