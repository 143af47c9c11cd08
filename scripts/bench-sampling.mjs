// SPDX-License-Identifier: Apache-2.0
/**
 * `node scripts/bench-sampling.mjs`: what choosing a token costs in the kernels, under V8, in milliseconds.
 *
 * In: nothing; the kernels must have been built (`node scripts/setup.mjs`). Out: a table of vocabularies and settings, each
 * figure the median of many calls. Logits are normal with a deviation of 3, as a language model's are about, and flat ones,
 * between which nothing can be left out.
 */
import "./lib/node-version.mjs";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./lib/paths.mjs";

const VOCABULARIES = [49_152, 262_144];
const DEVIATIONS = { "like a model's": 3, "nearly flat": 0.01 };
const CALLS = 60;
const UNIT = 0.37; // the number drawn: any does
const PENALISED = 64;
const TOLD_BYTES = 64; // before the penalised ids, kernels/sample/sample.c

/**
 * @typedef {[penalty: number, inverseTemperature: number, topK: number, minP: number, topP: number]} Settings
 * @typedef {object} Kernels
 * @property {(...args: number[]) => number} choose
 * @property {(vocabulary: number) => number} choose_bytes
 * @property {WebAssembly.Global<"i32">} __heap_base
 */

/** As kernels/sample/sample.c takes them. @type {Record<string, Settings>} */
const SETTINGS = {
  greedy: [1, 0, 0, 0, -1],
  temperature: [1, 1.25, 0, 0, -1],
  "temperature, top-p": [1, 1.25, 0, 0, 0.9],
  "temperature, min-p": [1, 1.25, 0, 0.05, -1],
  "temperature, top-k, top-p": [1, 1.25, 40, 0, 0.9],
  "the same, penalty": [1.1, 1.25, 40, 0, 0.9],
};

/**
 * Sums of twelve uniform numbers; the generator is that of Numerical Recipes (Press et al. 2007, section 7.1.7).
 * @param {number} count
 * @param {number} deviation
 */
function normal(count, deviation) {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const sum = () => Array.from({ length: 12 }, uniform).reduce((a, b) => a + b) - 6;
  return Float32Array.from({ length: count }, () => deviation * sum());
}

/** @param {number[]} values */
function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

const memory = new WebAssembly.Memory({ initial: 16, maximum: 1024 });
const module = new WebAssembly.Module(readFileSync(join(ROOT, "build", "kernels", "baseline.wasm")));
const { exports } = new WebAssembly.Instance(module, { env: { memory } });
const { choose, choose_bytes, __heap_base } = /** @type {Kernels} */ (exports);

/** Returns milliseconds of one choice. @param {Float32Array} logits @param {Settings} settings */
function measure(logits, settings) {
  const place = Math.ceil(__heap_base.value / 64) * 64;
  const room = place + Math.ceil(logits.byteLength / 64) * 64;
  const missing = room + choose_bytes(logits.length) - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  new Float32Array(memory.buffer, place).set(logits);
  new Uint32Array(memory.buffer, room + TOLD_BYTES, PENALISED).set(
    Array.from({ length: PENALISED }, (_, id) => id),
  );
  const penalised = settings[0] === 1 ? 0 : PENALISED;
  const times = Array.from({ length: CALLS }, () => {
    const start = performance.now();
    choose(place, logits.length, room, penalised, ...settings, UNIT);
    return performance.now() - start;
  });
  return median(times.slice(CALLS / 2)); // by then V8 has compiled the kernel with its optimising compiler
}

for (const [kind, deviation] of Object.entries(DEVIATIONS)) {
  const rows = VOCABULARIES.map((size) => normal(size, deviation));
  console.log(`\n${`logits ${kind}`.padEnd(28)}${VOCABULARIES.map((n) => `${n}`.padStart(10)).join("")}`);
  for (const [name, settings] of Object.entries(SETTINGS)) {
    const cells = rows.map((logits) => measure(logits, settings).toFixed(3).padStart(10));
    console.log(name.padEnd(28) + cells.join(""));
  }
}
