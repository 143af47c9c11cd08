// SPDX-License-Identifier: Apache-2.0
/**
 * What an instruction must at least read, and multiply, in all its runs together.
 *
 * In: an instruction's words (kernels/include/program.h; py/taleproof/graph/trace.py writes its arguments) with what its runs had
 * in common. Out: its name, bytes and multiply-adds. An operation that is not known here has a name and no figures.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ROOT, venvProgram } from "../paths.mjs";

const FLOAT = 4;

/**
 * @typedef {{name: string, elements: number, bytes: number}} Block a type of weights, by the elements and bytes of a block
 * @typedef {{ops: Record<number, string>, types: Record<number, Block>}} InstructionSet
 * @typedef {{bytes: number, products?: number, shape?: string}} Cost
 * @typedef {{rows: number, runs: number, positions: number, tokens: number}} Runs
 * @typedef {(type: number, weights: number) => number} BytesOf
 * @typedef {[number, number, number, number, number, number, number, number, number, number]} Arguments the first ten of
 *   an instruction's words after the first two: no operation here looks at more
 */

/** @returns {InstructionSet} */
export function readInstructionSet() {
  const script = join(ROOT, "scripts", "lib", "bench", "instruction_set.py");
  return JSON.parse(execFileSync(venvProgram("python"), [script], { encoding: "utf8" }));
}

/** @type {Record<string, (a: Arguments, runs: Runs, bytesOf: BytesOf) => Cost>} */
const COSTS = {
  embedding: ([, , type, , k], { rows }, bytesOf) => ({ bytes: bytesOf(type, rows * k) }),
  rms_norm: ([, , , , n], { rows }) => ({ bytes: FLOAT * rows * n }),
  quantise: ([, , , k], { rows }) => ({ bytes: FLOAT * rows * k }),
  matmul: ([, , , , type, n, k], { rows, runs }, bytesOf) => ({
    bytes: bytesOf(type, runs * n * k),
    products: rows * n * k,
    shape: `${n} x ${k}`,
  }),
  rope: ([, , , , heads, dim], { rows }) => ({ bytes: FLOAT * rows * heads * dim }),
  write_keys: ([, , heads, dim], { rows }) => ({ bytes: FLOAT * rows * heads * dim }),
  write_values: ([, , heads, dim], { rows }) => ({ bytes: FLOAT * rows * heads * dim }),
  attention: ([, , , , , , , heads, kvHeads, dim], { runs, tokens, positions }) => {
    const each = tokens / runs; // tokens of a step: the same in nearly all of them
    const cached = positions + tokens; // keys, and as many values, over all runs
    const seen = each * positions + (tokens * (each + 1)) / 2; // by each of the step's tokens
    return { bytes: 2 * kvHeads * (2 * dim + FLOAT) * cached, products: 2 * heads * dim * seen };
  },
  silu_gate: ([, , , n], { rows }) => ({ bytes: 2 * FLOAT * rows * n }),
  add: ([, , , n], { rows }) => ({ bytes: 2 * FLOAT * rows * n }),
};

/**
 * @param {InstructionSet} set
 * @param {import("../../../web/bench/messages").InstructionTime} entry
 */
export function costOf({ ops, types }, entry) {
  const [head = 0, fixedRows = 0] = entry.words;
  const args = /** @type {Arguments} */ (Array.from({ length: 10 }, (_, i) => entry.words[2 + i] ?? 0));
  const op = ops[head & 0xffff] ?? `operation ${head & 0xffff}`;
  /** @param {number} type */
  const blockOf = (type) => {
    const block = types[type];
    if (!block) throw new Error(`a program has weights of the unknown type ${type}`);
    return block;
  };
  /** @type {BytesOf} */
  const bytesOf = (type, weights) => (weights / blockOf(type).elements) * blockOf(type).bytes;
  const rows = fixedRows ? fixedRows * entry.runs : entry.tokens;
  const { bytes = null, products = 0, shape } = COSTS[op]?.(args, { ...entry, rows }, bytesOf) ?? {};
  const name = op === "matmul" ? `matmul ${blockOf(args[4]).name} ${shape}` : op.replaceAll("_", " ");
  return { name, bytes, products };
}
