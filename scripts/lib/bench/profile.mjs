// SPDX-License-Identifier: Apache-2.0
/**
 * Where the time of a token goes: kernel by kernel, each against the time that memory would need for what it reads.
 *
 * In: the address of the pages. Out: rows for reading a prompt and for writing, with the speed of memory in the same page.
 * Programs are run instruction by instruction here, which costs a clock's two looks each; the sum says how much that is.
 */
import { BrowserLane } from "./browser-lane.mjs";
import { costOf, readInstructionSet } from "./costs.mjs";
import { openingOf, SHORT_PROMPT } from "./jobs.mjs";

const READ_BYTES = 1 << 28;

/**
 * @typedef {object} KernelRow one kind of instruction; times and bytes are a token's
 * @property {string} kernel
 * @property {number} microseconds
 * @property {number} share of all instructions' time
 * @property {number | null} bytes null where it is not known what it reads
 * @property {number | null} shareOfMemoryLimit
 * @property {number} multiplyAddsPerSecond
 *
 * @typedef {{threads: number, readBytesPerSecond: number, prefill: KernelRow[], decode: KernelRow[],
 *   besideProgram: Record<string, number>}} Profile besideProgram: microseconds a token
 */

/**
 * @param {string} base the address of the pages
 * @param {{threads: number, tokens: number, model?: string | undefined, say: (line: string) => void}} options model: one of
 *   the benchmark's own
 * @returns {Promise<Profile>}
 */
export async function measureProfile(base, { threads, tokens, model, say }) {
  say("profile: instruction by instruction");
  /** @param {number} round */
  const promptOf = (round) => (model ? SHORT_PROMPT.slice(round) : openingOf(round));
  const lane = await BrowserLane.create(base, "taleproof", "Taleproof", threads);
  lane.address += `&timed=instructions${model ? `&model=${encodeURIComponent(model)}` : ""}`;
  try {
    await lane.begin();
    await lane.round({ prompt: promptOf(0), maxTokens: tokens }); // warms up
    await lane.page.evaluate(() => window.times());
    const figures = await lane.round({ prompt: promptOf(1), maxTokens: tokens });
    const { promptTokens, tokens: written } = figures;
    const times = await lane.page.evaluate(() => window.times());
    const readBytesPerSecond = await lane.page.evaluate((size) => window.readRate(size), READ_BYTES);
    const set = readInstructionSet();
    /** @param {boolean} prefill @param {number} count */
    const rows = (prefill, count) =>
      kernelRows(
        set,
        times.instructions.filter((entry) => entry.prefill === prefill),
        count,
        readBytesPerSecond,
      );
    const decode = rows(false, written);
    const others = Object.entries(times.kernels).filter(([name]) => name !== "run_program");
    const besideProgram = Object.fromEntries(others.map(([name, ms]) => [name, (ms * 1000) / written]));
    const inKernels = [...decode.map((row) => row.microseconds), ...Object.values(besideProgram)];
    besideProgram["all that is not a kernel"] =
      1e6 / figures.decodeTokensPerSecond - inKernels.reduce((sum, us) => sum + us, 0);
    return { threads, readBytesPerSecond, prefill: rows(true, promptTokens), decode, besideProgram };
  } finally {
    await lane.dispose();
  }
}

/**
 * One row for each kind of instruction, the costliest first.
 * @param {import("./costs.mjs").InstructionSet} set
 * @param {import("../../../web/bench/messages").InstructionTime[]} entries
 * @param {number} tokens
 * @param {number} readBytesPerSecond
 * @returns {KernelRow[]}
 */
function kernelRows(set, entries, tokens, readBytesPerSecond) {
  /** @type {Map<string, {kernel: string, ms: number, bytes: number | null, products: number}>} */
  const kinds = new Map();
  for (const entry of entries) {
    const { name, bytes, products } = costOf(set, entry);
    const kind = kinds.get(name) ?? { kernel: name, ms: 0, bytes: 0, products: 0 };
    kind.ms += entry.ms;
    kind.bytes = bytes === null || kind.bytes === null ? null : kind.bytes + bytes;
    kind.products += products;
    kinds.set(name, kind);
  }
  const total = [...kinds.values()].reduce((sum, { ms }) => sum + ms, 0);
  return [...kinds.values()]
    .sort((a, b) => b.ms - a.ms)
    .map(({ kernel, ms, bytes, products }) => ({
      kernel,
      microseconds: (ms * 1000) / tokens,
      share: ms / total,
      bytes: bytes === null ? null : bytes / tokens,
      shareOfMemoryLimit: bytes === null ? null : bytes / readBytesPerSecond / (ms / 1000),
      multiplyAddsPerSecond: products / (ms / 1000),
    }));
}
