// SPDX-License-Identifier: Apache-2.0
// @ts-check
/**
 * Carries out journals (journal.py) on the WebAssembly engine of this Node.js, V8.
 *
 * Usage: node tests/arm64/replay.mjs KERNELS JOURNAL.json ...
 * Out: a line for each journal. It ends with 1 if a byte that was read or a kernel's answer is not the journal's.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

/**
 * @typedef {["write", number, number, number] | ["read" | "read-floats", number, number, string] |
 *   ["call", string, number[], number]} Event
 */

/**
 * @param {string} kernels the folder of the compiled kernels
 * @param {string} path of a journal's events; its bytes lie beside it
 * @returns {string | null} what differs first, or null
 */
function replay(kernels, path) {
  /** @type {{build: string, pages: number, events: Event[]}} */
  const journal = JSON.parse(readFileSync(path, "utf8"));
  const data = readFileSync(path.replace(/json$/, "bin"));
  const memory = new WebAssembly.Memory({ initial: journal.pages, maximum: 65536 });
  const module = new WebAssembly.Module(readFileSync(join(kernels, `${journal.build}.wasm`)));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const bytes = new Uint8Array(memory.buffer);
  for (const [index, event] of journal.events.entries()) {
    const [kind] = event;
    if (kind === "write") {
      const [, offset, from, length] = event;
      bytes.set(data.subarray(from, from + length), offset);
    } else if (kind === "call") {
      const [, kernel, args, expected] = event;
      const kernelFunction = /** @type {(...args: number[]) => number | undefined} */ (exports[kernel]);
      const answer = kernelFunction(...args) ?? 0;
      if (answer !== expected) return `event ${index}: ${kernel} answered ${answer}, not ${expected}`;
    } else {
      const [, offset, length, expected] = event;
      const read = bytes.slice(offset, offset + length);
      if (kind === "read-floats") makeNansOne(new Uint32Array(read.buffer));
      const digest = createHash("sha256").update(read).digest("hex");
      if (digest !== expected) return `event ${index}: the ${length} bytes at ${offset} are others`;
    }
  }
  return null;
}

/** @param {Uint32Array} words the bits of float32 numbers; every NaN becomes 0x7fc00000 */
function makeNansOne(words) {
  for (const [i, word] of words.entries()) if ((word & 0x7fffffff) > 0x7f800000) words[i] = 0x7fc00000;
}

const [kernels = "", ...journals] = process.argv.slice(2);
if (journals.length === 0) throw new Error("usage: node replay.mjs KERNELS JOURNAL.json ...");
for (const path of journals) {
  const difference = replay(kernels, path);
  console.log(`${basename(path, ".json")}: ${difference ?? "the same"}`);
  if (difference) process.exitCode = 1;
}
