// SPDX-License-Identifier: Apache-2.0
/**
 * One run: which engines there are here, their measurements model by model, and what comes of them.
 *
 * In: the pages, and the run's settings. Out: one object with every figure.
 */
import { cpus } from "node:os";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PUBLIC, ROOT } from "../paths.mjs";
import { aimsOf } from "./aims.mjs";
import { BrowserLane } from "./browser-lane.mjs";
import { NO_CANDLE } from "./candle.mjs";
import { MODEL, modelOf } from "./jobs.mjs";
import { measureLanes } from "./measure.mjs";
import { findNative, NativeLane, NO_NATIVE } from "./native.mjs";
import { blankMemory, measureContext, measureSmall } from "./small.mjs";

const CANDLE_VERSION = "0.9.2";
const NATIVE = "llama.cpp";

/** Engines whose pages take any model, with the package that each is. @type {Record<string, string>} */
const PACKAGES = { wllama: "@wllama/wllama", "wllama-simd": "wllama-with-simd" };

/**
 * @typedef {import("./measure.mjs").Lane} Lane
 * @typedef {import("./measure.mjs").Row} Row
 * @typedef {{url: string, models: string}} Site models: the folder of the benchmark's models
 * @typedef {{rounds: number, tokens: number, threads: number[], engines: string[], models: string[],
 *   candle: boolean, say: (line: string) => void}} Options
 *
 * @typedef {{processor: string, cores: number, platform: string}} Machine
 * @typedef {{title: string, rows: Row[]}} ModelRows
 *
 * @typedef {object} MemoryUse of our page's process on one thread; null where it is not told
 * @property {number} modelBytes
 * @property {number} cacheBytes
 * @property {number} arenaBytes
 * @property {number} pythonBytes
 * @property {number | null} peakBytes
 * @property {number | null} browserCountedBytes
 * @property {number | null} blankPageBytes
 *
 * @typedef {object} Ours what only this engine is asked
 * @property {import("./small.mjs").Context[]} context
 * @property {MemoryUse} memory
 * @property {number} digestBytesPerSecond
 * @property {{stories260K: import("./small.mjs").Small, float15M: import("./small.mjs").Small}} small
 *
 * @typedef {{date: string, rounds: number, tokens: number, threads: number[], chromium: string, machine: Machine,
 *   models: ModelRows[], missing: {engine: string, why: string}[]} & Partial<Ours>} Measured
 * @typedef {Measured & {aims: import("./aims.mjs").Aim[]}} Result
 */

/** @param {Site} site @param {Options} options @returns {Promise<Result>} */
export async function runBench(site, options) {
  const { rounds, tokens, threads, models, say } = options;
  const native = options.engines.includes(NATIVE) ? findNative() : null;
  /** @type {ModelRows[]} */
  const measured = [];
  /** @type {Partial<Ours>} */
  let extras = {};
  let chromium = "unknown";
  for (const key of models) {
    const { title, listed } = modelOf(key);
    say(title);
    const lanes = await openLanes(site, listed, native, options);
    try {
      const rows = await measureLanes(lanes, { rounds, tokens, say });
      measured.push({ title, rows });
      const ours = lanes
        .filter((lane) => lane instanceof BrowserLane)
        .filter(({ engine }) => engine === "taleproof");
      const [first, row] = [ours[0], rows[0]];
      if (first) chromium = first.browser.version();
      if (listed === null && first && row) {
        extras = await measureOurs(site.url, ours, first, row, { rounds, say });
      }
    } finally {
      for (const lane of lanes) await lane.dispose();
    }
  }
  /** @type {Measured} */
  const result = {
    date: new Date().toISOString().slice(0, 10),
    ...{ rounds, tokens, threads, chromium, machine: machineHere(), models: measured },
    missing: missingOf(options, native),
    ...extras,
  };
  return { ...result, aims: aimsOf(result) };
}

/**
 * What only this engine is asked, with the product's own model open.
 * @param {string} base
 * @param {BrowserLane[]} lanes
 * @param {BrowserLane} first
 * @param {Row} row the first lane's
 * @param {Pick<Options, "rounds" | "say">} options
 * @returns {Promise<Ours>}
 */
async function measureOurs(base, lanes, first, row, { rounds, say }) {
  say("taleproof: a long context");
  /** @type {Ours["context"]} */
  const context = [];
  for (const lane of lanes) context.push(await measureContext(lane, rounds));
  const memory = await memoryOf(base, first, row);
  const digestBytesPerSecond = await first.page.evaluate(() => window.digestRate());
  say("taleproof: small models");
  const small = {
    stories260K: await measureSmall(base, "stories260K", rounds),
    float15M: await measureSmall(base, "float15M", rounds),
  };
  return { context, memory, digestBytesPerSecond, small };
}

/** @returns {Machine} */
export function machineHere() {
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? "unknown",
    cores: processors.length,
    platform: process.platform,
  };
}

/** @param {string} engine */
function titleOf(engine) {
  const name = PACKAGES[engine];
  if (name === undefined) return "Taleproof";
  /** @type {{version: string}} */
  const { version } = JSON.parse(readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8"));
  return `wllama ${version}`;
}

/**
 * Visits are measured with the product's own model only: they tell how fast a page starts, whatever the block type.
 * @param {Site} site
 * @param {string | null} listed
 * @param {string | null} native a Python that has llama.cpp
 * @param {Pick<Options, "threads" | "engines" | "candle">} options
 */
async function openLanes(site, listed, native, { threads, engines, candle }) {
  /** @type {Lane[]} */
  const lanes = [];
  for (const engine of engines.filter((name) => name === "taleproof" || name in PACKAGES))
    for (const n of threads) {
      const lane = await BrowserLane.create(site.url, engine, titleOf(engine), n, listed);
      if (listed !== null) lane.visit = null;
      lanes.push(lane);
    }
  if (candle && listed === null) lanes.push(await candleLane(site.url));
  const path = listed === null ? join(PUBLIC, "models", MODEL) : pathOf(site.models, listed);
  if (native) lanes.push(...threads.map((n) => new NativeLane(native, n, path)));
  return lanes;
}

/** @param {string} folder @param {string} listed */
function pathOf(folder, listed) {
  /** @type {Record<string, import("../../../web/bench/models").ListedModel>} */
  const list = JSON.parse(readFileSync(join(folder, "models.json"), "utf8"));
  const file = list[listed]?.files[0];
  if (!file) throw new Error(`models.json has no file of ${listed}`);
  return join(folder, file.name);
}

/** @param {Pick<Options, "engines" | "candle">} options @param {string | null} native @returns {Measured["missing"]} */
function missingOf({ engines, candle }, native) {
  /** @type {Measured["missing"]} */
  const missing = [];
  if (engines.includes("candle") && !candle) missing.push({ engine: "candle", why: NO_CANDLE });
  if (engines.includes(NATIVE) && !native) missing.push({ engine: NATIVE, why: NO_NATIVE });
  return missing;
}

/** candle has one thread, brings no tokenizer, and is so slow that one round has to do. @param {string} base */
async function candleLane(base) {
  const lane = await BrowserLane.create(base, "candle", `candle ${CANDLE_VERSION}`, 1);
  lane.visit = null;
  lane.mostRounds = 1;
  return lane;
}

/**
 * The peak of our page's process on one thread, and what it is made of.
 * @param {string} base
 * @param {BrowserLane} lane
 * @param {Row} row
 * @returns {Promise<MemoryUse>}
 */
async function memoryOf(base, lane, row) {
  const figures = await lane.page.evaluate(() => window.memoryFigures);
  return {
    modelBytes: figures.model,
    cacheBytes: figures.cache,
    arenaBytes: figures.arena,
    pythonBytes: figures.python,
    peakBytes: row.peakProcessBytes ?? null,
    browserCountedBytes: row.browserCountedBytes ?? null,
    blankPageBytes: await blankMemory(base),
  };
}
