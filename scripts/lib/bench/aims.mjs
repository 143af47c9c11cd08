// SPDX-License-Identifier: Apache-2.0
/**
 * The figures that this engine is to reach, each with its bound and whether it is met.
 *
 * In: the result of a run. Out: one entry for each aim of which the run has the figures, and how each model compares with
 * the strongest engine in a browser and with llama.cpp itself. All but a few are ratios within the run, so that they mean
 * the same on any machine.
 */

const SPARE_BYTES = 150e6;
const OWN = "taleproof";
const NATIVE = "llama.cpp";

/** This many times the strongest engine in a browser, and this many times llama.cpp itself. */
export const WANTED = { browser: 4, native: 1 };

/**
 * @typedef {import("./run.mjs").Measured} Measured
 * @typedef {import("./measure.mjs").Row} Row
 * @typedef {{aim: string, wanted: string, value: number, met: boolean}} Aim
 * @typedef {{model: string, threads: number, figure: "decode" | "prefill", ours: number, strongest: string | null,
 *   toBrowser: number | null, toNative: number | null}} Comparison
 */

/**
 * Each model and number of threads: our rate, by that of the fastest other engine in a browser and by the native one's.
 * @param {Pick<Measured, "models" | "threads">} result
 */
export function comparisonsOf({ models, threads }) {
  /** @type {Comparison[]} */
  const all = [];
  for (const { title, rows } of models)
    for (const n of threads)
      for (const figure of /** @type {const} */ (["decode", "prefill"])) {
        const comparison = comparisonOf(title, rows, n, figure);
        if (comparison) all.push(comparison);
      }
  return all;
}

/**
 * @param {string} model
 * @param {Row[]} rows
 * @param {number} threads
 * @param {Comparison["figure"]} figure
 * @returns {Comparison | null} null where this engine has no such figure
 */
function comparisonOf(model, rows, threads, figure) {
  const key = /** @type {const} */ (`${figure}TokensPerSecond`);
  const same = rows
    .filter((row) => row.threads === threads)
    .flatMap(({ engine, title, [key]: rate }) => (rate ? [{ engine, title, rate }] : []));
  const ours = same.find(({ engine }) => engine === OWN)?.rate;
  if (ours === undefined) return null;
  const native = same.find(({ engine }) => engine === NATIVE)?.rate;
  const [strongest] = same
    .filter(({ engine }) => engine !== OWN && engine !== NATIVE)
    .sort((a, b) => b.rate - a.rate);
  return {
    ...{ model, threads, figure, ours },
    strongest: strongest?.title ?? null,
    toBrowser: strongest ? ours / strongest.rate : null,
    toNative: native ? ours / native : null,
  };
}

/** @param {number} threads */
const labelOf = (threads) => (threads === 1 ? "1 thread" : `${threads} threads`);

/** Aims of which a figure was not measured, or that the system does not tell, are left out. @param {Measured} result */
export function aimsOf(result) {
  /** @type {Aim[]} */
  const aims = [];
  /** @param {string} aim @param {string} wanted @param {number} value @param {boolean} met */
  const judge = (aim, wanted, value, met) => {
    if (Number.isFinite(value)) aims.push({ aim, wanted, value, met });
  };
  /** @param {string} aim @param {number} value @param {number} bound */
  const least = (aim, value, bound) => judge(aim, `at least ${bound}`, value, value >= bound);
  /** @param {string} aim @param {number} value @param {number} bound */
  const most = (aim, value, bound) => judge(aim, `at most ${bound}`, value, value <= bound);

  for (const { model, threads, figure, toBrowser, toNative } of comparisonsOf(result)) {
    const label = `${model}, ${figure}, ${labelOf(threads)}`;
    least(`${label}, to the strongest in a browser`, toBrowser ?? NaN, WANTED.browser);
    least(`${label}, to native llama.cpp's`, toNative ?? NaN, WANTED.native);
  }
  for (const { engine, threads, pageToFirstTokenMs = NaN } of result.models.flatMap(({ rows }) => rows))
    if (engine === OWN) most(`page to first token, ${labelOf(threads)}, s`, pageToFirstTokenMs / 1000, 2.5);
  for (const { threads, shortTokensPerSecond, longTokensPerSecond } of result.context ?? []) {
    const ratio = longTokensPerSecond / shortTokensPerSecond;
    least(`decode at 1,000 tokens, ${labelOf(threads)}, to decode at 10`, ratio, 0.8);
  }
  if (result.small) {
    const { stories260K, float15M } = result.small;
    least("stories260K, 1 thread, tokens/s", stories260K.tokensPerSecond, 1500);
    least("float weights of 61 MB, 1 thread, to reading them once", float15M.shareOfReading, 0.6);
  }
  if (result.memory) {
    const { modelBytes, cacheBytes } = result.memory;
    const [peak, blank, counted] = [
      result.memory.peakBytes ?? NaN,
      result.memory.blankPageBytes ?? NaN,
      result.memory.browserCountedBytes ?? NaN,
    ];
    /** @param {string} aim @param {number} bytes */
    const mostBeside = (aim, bytes) =>
      most(`${aim}, MB`, (bytes - modelBytes - cacheBytes) / 1e6, SPARE_BYTES / 1e6);
    mostBeside("memory beside model and cache, as the browser counts", counted);
    mostBeside("peak of the page's process beside them", peak);
    mostBeside("the same, less an empty page's process", peak - blank);
  }
  return aims;
}
