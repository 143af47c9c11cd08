// SPDX-License-Identifier: Apache-2.0
/**
 * What only this engine is asked: a long context, models so small that little but overhead is left, and memory.
 *
 * In: an open lane, or the address of the pages. Out: figures, with the memory's speed in the same page beside them.
 */
import { BenchBrowser } from "./browser.mjs";
import { longPrompt, SHORT_PROMPT } from "./jobs.mjs";
import { BrowserLane } from "./browser-lane.mjs";
import { median } from "./measure.mjs";

/** Few enough that the context stays what it is said to be. */
const CONTEXT_TOKENS = 32;
const SMALL_TOKENS = 200;
/** More than any cache holds. */
const READ_BYTES = 1 << 28;

/**
 * @typedef {{threads: number, shortTokensPerSecond: number, longTokensPerSecond: number}} Context
 *
 * @typedef {object} Small
 * @property {number} bytes of the model's file
 * @property {number} tokensPerSecond
 * @property {{kernels: number, python: number, messages: number}} microsecondsPerToken
 * @property {number} readBytesPerSecond the memory's speed
 * @property {number} shareOfReading tokens a second, to those that reading the file once for each would allow
 */

/**
 * Decode with some ten tokens before, and with nearly a thousand, in turns.
 * @param {BrowserLane} lane
 * @param {number} rounds
 * @returns {Promise<Context>}
 */
export async function measureContext(lane, rounds) {
  /** @param {string} prompt */
  const rateOf = async (prompt) =>
    (await lane.round({ prompt, maxTokens: CONTEXT_TOKENS })).decodeTokensPerSecond;
  /** @type {number[]} */
  const short = [];
  /** @type {number[]} */
  const long = [];
  for (let round = 0; round < rounds; round++) {
    short.push(await rateOf(SHORT_PROMPT));
    long.push(await rateOf(longPrompt(round)));
  }
  return {
    threads: lane.threads,
    shortTokensPerSecond: median(short),
    longTokensPerSecond: median(long),
  };
}

/**
 * A small model on one thread, and where a token's time goes.
 * @param {string} base
 * @param {string} name
 * @param {number} rounds
 * @returns {Promise<Small>}
 */
export async function measureSmall(base, name, rounds) {
  const lane = await BrowserLane.create(base, "taleproof", name, 1);
  lane.address += `&timed=calls&model=${name}`;
  try {
    await lane.begin();
    const bytes = await lane.page.evaluate(bytesOf, name);
    /** @type {{rate: number, kernels: number, python: number}[]} */
    const runs = [];
    for (let round = 0; round < rounds + 1; round++) {
      const { decodeTokensPerSecond: rate, tokens } = await lane.round({
        prompt: "Once upon a time",
        maxTokens: SMALL_TOKENS,
      });
      const { kernels, busy } = await lane.page.evaluate(() => window.times());
      const inKernels = Object.values(kernels).reduce((sum, ms) => sum + ms, 0);
      runs.push({ rate, kernels: inKernels / tokens, python: (busy - inKernels) / tokens });
    }
    /** @param {"rate" | "kernels" | "python"} key */
    const middle = (key) => median(runs.slice(1).map((run) => run[key])); // the first one warms up
    const rate = middle("rate");
    const [kernels, python] = [middle("kernels") * 1000, middle("python") * 1000];
    const readBytesPerSecond = await lane.page.evaluate((size) => window.readRate(size), READ_BYTES);
    return {
      bytes,
      tokensPerSecond: rate,
      microsecondsPerToken: { kernels, python, messages: Math.max(0, 1e6 / rate - kernels - python) },
      readBytesPerSecond,
      shareOfReading: (rate * bytes) / readBytesPerSecond,
    };
  } finally {
    await lane.dispose();
  }
}

/** In the page: the size of the first file of one of the benchmark's models. @param {string} model */
async function bytesOf(model) {
  /** @type {Record<string, import("../../../web/bench/models").ListedModel>} */
  const list = await (await fetch("bench-models/models.json")).json();
  const file = list[model]?.files[0];
  if (!file) throw new Error(`models.json has no file of ${model}`);
  return file.bytes;
}

/** What the process of a page with nothing on it takes, by the same count. @param {string} base */
export async function blankMemory(base) {
  const browser = await BenchBrowser.create();
  try {
    await browser.visit(`${base}blank.html`);
    return await browser.peakMemory();
  } finally {
    await browser.dispose();
  }
}
