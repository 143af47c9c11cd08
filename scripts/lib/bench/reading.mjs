// SPDX-License-Identifier: Apache-2.0
/**
 * What opening a model takes before a word is written: header, tokenizer, and all of its loading beside the hash.
 *
 * In: the address of the pages, how many rounds. Out: for each tokenizer how fast a header and 100 KB of English are read,
 * for each model what its loading is made of, and the aims.
 */
import { Problem } from "../problem.mjs";
import { BenchBrowser } from "./browser.mjs";
import { BrowserLane } from "./browser-lane.mjs";
import { median } from "./measure.mjs";
import { machineHere } from "./run.mjs";
import { readingAims } from "./reading-report.mjs";

/**
 * @typedef {{first: number, median: number, best: number}} Seconds
 * @typedef {{kind: string, model: string, tokens: number, textTokens: number, parse: Seconds, ready: Seconds,
 *   encode: Seconds}} Read
 *
 * @typedef {object} Loaded all in milliseconds
 * @property {string} model
 * @property {number} whole
 * @property {number} hash
 * @property {number} storage reading this browser's storage
 * @property {number} kernels all but the hash
 * @property {number} python Python's, and the page's own
 * @property {number} prepare of the whole, after the last byte was read and hashed
 *
 * @typedef {{date: string, rounds: number, machine: import("./run.mjs").Machine, read: Read[], loaded: Loaded[],
 *   aims: import("./aims.mjs").Aim[]}} Reading
 */

/** Each kind of tokenizer by a model that has it. @type {[kind: string, model: string][]} */
const TOKENIZERS = [
  ["byte-level BPE", "SmolLM2-135M"],
  ["SentencePiece", "Gemma 3 270M"],
  ["Unigram", "Gemma's first 32,000"],
  ["WordPiece", "all-MiniLM-L6-v2"],
  ["llama2.c", "stories260K"],
];
const LOADED = ["SmolLM2-135M", "Gemma 3 270M"];

/**
 * @param {string} base the address of the pages
 * @param {{rounds: number, say: (line: string) => void}} options
 * @returns {Promise<Reading>}
 */
export async function measureReading(base, { rounds, say }) {
  /** @type {Read[]} */
  const read = [];
  for (const [kind, model] of TOKENIZERS) {
    say(`${model}: header and tokenizer`);
    read.push({ kind, model, ...(await readingOf(base, model, rounds)) });
  }
  /** @type {Loaded[]} */
  const loaded = [];
  for (const model of LOADED) {
    say(`${model}: loading`);
    loaded.push({ model, ...(await loadingOf(base, model, rounds)) });
  }
  const date = new Date().toISOString().slice(0, 10);
  return { date, rounds, machine: machineHere(), read, loaded, aims: readingAims(read, loaded) };
}

/**
 * The first of the rounds is a Python's that has just started.
 * @param {string} base
 * @param {string} model
 * @param {number} rounds
 */
async function readingOf(base, model, rounds) {
  const browser = await BenchBrowser.create();
  try {
    const page = await browser.visit(`${base}reading.html`);
    const figures = await page.evaluate(({ name, count }) => window.reading(name, count), {
      name: model,
      count: rounds,
    });
    const { tokens, text_tokens: textTokens, parse, ready, encode } = figures;
    /** @param {number[]} values @returns {Seconds} */
    const seconds = (values) => ({
      first: values[0] ?? NaN,
      median: median(values),
      best: Math.min(...values),
    });
    return { tokens, textTokens, parse: seconds(parse), ready: seconds(ready), encode: seconds(encode) };
  } finally {
    await browser.dispose();
  }
}

/**
 * Loads a model that this browser has, again and again; the round with the shortest whole time is told.
 * @param {string} base
 * @param {string} model
 * @param {number} rounds
 */
async function loadingOf(base, model, rounds) {
  const lane = await BrowserLane.create(base, "taleproof", model, 1);
  lane.address += `&timed=calls&model=${encodeURIComponent(model)}`;
  try {
    /** @type {Omit<Loaded, "model">[]} */
    const all = [];
    for (let round = 0; round <= rounds; round++) {
      const page = await lane.browser.visit(lane.address);
      await page.evaluate(() => window.bench.opened);
      const loading = await page.evaluate(() => window.loading);
      if (loading.stored && loading.times && round > 0) all.push(partsOf(loading, loading.times));
    }
    const [quickest] = all.sort((a, b) => a.whole - b.whole);
    if (!quickest) {
      throw new Problem(
        "bench-not-stored",
        `The browser kept no copy of ${model}, so that loading it from there cannot be measured. ` +
          "Free some space on the disk and run the command again.",
      );
    }
    return quickest;
  } finally {
    await lane.dispose();
  }
}

/**
 * Milliseconds of one loading, by what they went to; what is left is Python's, and the page's own.
 * @param {{ms: number, prepareMs: number}} loading
 * @param {import("../../../web/bench/messages").Times} times
 */
function partsOf({ ms, prepareMs }, { kernels, storage }) {
  const hash = kernels.sha256_update ?? 0;
  const others = Object.values(kernels).reduce((sum, each) => sum + each, 0) - hash;
  return {
    whole: ms,
    hash,
    storage,
    kernels: others,
    python: ms - hash - storage - others,
    prepare: prepareMs,
  };
}
