/**
 * What an instruction must at least read, and multiply, in all its runs together.
 *
 * In: an instruction's words (kernels/program.h; py/taleproof/ops/wasm_ops.py writes its arguments) with what its runs had
 * in common. Out: its name, bytes and multiply-adds. An operation that is not known here has a name and no figures.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ROOT, venvProgram } from "../paths.mjs";

const FLOAT = 4;

export function readInstructionSet() {
  const script = join(ROOT, "scripts", "lib", "bench", "instruction_set.py");
  return JSON.parse(execFileSync(venvProgram("python"), [script], { encoding: "utf8" }));
}

/** @type {Record<string, (a: number[], entry: {rows: number, runs: number, positions: number, tokens: number}, bytesOf: (type: number, weights: number) => number) => {bytes: number, products?: number, shape?: string}>} */
const COSTS = {
  embedding: ([, , type, , k], { rows }, bytesOf) => ({ bytes: bytesOf(type, rows * k) }),
  rms_norm: ([, , , , n], { rows }) => ({ bytes: FLOAT * rows * n }),
  quantize: ([, , , k], { rows }) => ({ bytes: FLOAT * rows * k }),
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
 * @param {{ops: Record<number, string>, types: Record<number, {name: string, elements: number, bytes: number}>}} set
 * @param {import("../../../web/bench/timed-kernels").InstructionTime} entry
 */
export function costOf({ ops, types }, entry) {
  const [head, fixedRows, ...args] = entry.words;
  const op = ops[head & 0xffff] ?? `operation ${head & 0xffff}`;
  const bytesOf = (type, weights) => (weights / types[type].elements) * types[type].bytes;
  const rows = fixedRows ? fixedRows * entry.runs : entry.tokens;
  const { bytes = null, products = 0, shape } = COSTS[op]?.(args, { ...entry, rows }, bytesOf) ?? {};
  const name = op === "matmul" ? `matmul ${types[args[4]].name} ${shape}` : op.replaceAll("_", " ");
  return { name, bytes, products };
}
