// SPDX-License-Identifier: Apache-2.0
/**
 * The measurements themselves, the engines taking turns, so that a machine that grows slower does so for all of them.
 *
 * In: lanes (an engine with a number of threads), how many rounds and tokens. Out: a row of figures for each lane: the
 * median of its rounds, and each round.
 */
import { openingOf } from "./jobs.mjs";

/** Figures of which a row has the median. */
const MEDIANS = /** @type {const} */ ([
  "decodeTokensPerSecond",
  "prefillTokensPerSecond",
  "decodeTokensPerProcessorSecond",
  "prefillTokensPerProcessorSecond",
  "clickToFirstTokenMs",
  "pageToReadyMs",
  "pageToFirstTokenMs",
]);

/**
 * @typedef {(typeof MEDIANS)[number]} Figure
 * @typedef {Partial<Record<Figure, number>>} Figures those that there are of an engine
 *
 * @typedef {{prompt: string, ids?: number[], maxTokens: number}} Job ids: the prompt's tokens, for an engine that brings
 *   no tokenizer
 *
 * @typedef {{pageToReadyMs: number, pageToFirstTokenMs: number}} Visit
 *
 * @typedef {object} Round
 * @property {number} promptTokens
 * @property {number} tokens how many were written
 * @property {number} prefillTokensPerSecond
 * @property {number} decodeTokensPerSecond
 * @property {number} prefillTokensPerProcessorSecond
 * @property {number} decodeTokensPerProcessorSecond
 * @property {number} [clickToFirstTokenMs] in a browser
 * @property {string} text
 *
 * @typedef {{peakProcessBytes: number | null, browserCountedBytes: number | null}} Memory null: not told
 *
 * @typedef {object} Lane an engine with a number of threads
 * @property {string} engine
 * @property {string} title
 * @property {string | null} [version] of an engine that tells it once it has begun
 * @property {string[] | null} [instructions] the sets of instructions that it found
 * @property {number} threads
 * @property {number} [mostRounds] where there are to be fewer rounds than of the others
 * @property {(() => Promise<Visit>) | null} [visit] where visits are measured
 * @property {() => Promise<void>} begin
 * @property {(job: Job) => Promise<Round & {ids?: number[]}>} round ids: the prompt's tokens, where the engine tells them
 * @property {() => Promise<Memory>} [memory]
 * @property {() => Promise<void>} dispose
 *
 * @typedef {{lane: Lane, visits: Visit[], rounds: Round[]}} Turn a lane, with its visits and rounds so far
 *
 * @typedef {{engine: string, title: string, version: string | null, instructions: string[] | null, threads: number,
 *   visits: Visit[], rounds: Round[]} & Figures & Partial<Memory>} Row
 */

/**
 * @param {Lane[]} lanes
 * @param {{rounds: number, tokens: number, say: (line: string) => void}} options
 * @returns {Promise<Row[]>}
 */
export async function measureLanes(lanes, { rounds, tokens, say }) {
  /** @param {Lane} lane */
  const named = (lane) => `${lane.engine}, ${lane.threads} ${lane.threads === 1 ? "thread" : "threads"}`;
  /** @type {Turn[]} */
  const turns = lanes.map((lane) => ({ lane, visits: [], rounds: [] }));
  for (const { lane } of turns) {
    if (!lane.visit) continue;
    say(`${named(lane)}: the first visit, which puts the model into the browser's cache`);
    await lane.visit();
  }
  for (let round = 0; round < rounds; round++) {
    say(`visit ${round + 1} of ${rounds}`);
    for (const { lane, visits } of turns) if (lane.visit) visits.push(await lane.visit());
  }
  for (const { lane } of turns) await lane.begin();
  /** @type {number[]} */
  let ids = [];
  for (let round = 0; round < rounds; round++) {
    for (const turn of turns) {
      if (round >= (turn.lane.mostRounds ?? rounds)) continue;
      say(`${named(turn.lane)}: round ${round + 1} of ${rounds}`);
      const job = { prompt: openingOf(round), ids, maxTokens: tokens };
      const { ids: told = [], ...figures } = await turn.lane.round(job);
      if (told.length > 0) ids = told;
      turn.rounds.push(figures);
    }
  }
  return Promise.all(turns.map(rowOf));
}

/** @param {Turn} turn @returns {Promise<Row>} */
async function rowOf({ lane, visits, rounds }) {
  const { engine, title, version = null, instructions = null, threads } = lane;
  /** @type {Figures[]} */
  const all = [...visits, ...rounds];
  /** @type {Figures} */
  const medians = {};
  for (const key of MEDIANS) {
    const values = all.map((figures) => figures[key]).filter((value) => value !== undefined);
    if (values.length > 0) medians[key] = median(values);
  }
  const memory = await lane.memory?.();
  return { engine, title, version, instructions, threads, ...medians, ...memory, visits, rounds };
}

/** The middle of the values, between the two middle ones of an even number; NaN of none. @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = sorted.slice(Math.max(0, middle - 1), middle + 1);
  return sorted.length % 2 ? (sorted[middle] ?? NaN) : (low + high) / 2;
}
