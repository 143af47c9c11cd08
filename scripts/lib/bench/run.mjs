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
import { MODEL, MODELS } from "./jobs.mjs";
import { measureLanes } from "./measure.mjs";
import { findNative, NativeLane, NO_NATIVE } from "./native.mjs";
import { blankMemory, measureContext, measureSmall } from "./small.mjs";

const CANDLE_VERSION = "0.9.2";
const NATIVE = "llama.cpp";

/** Engines whose pages take any model, with the package that each is. */
const PACKAGES = { wllama: "@wllama/wllama", "wllama-simd": "wllama-with-simd" };

/**
 * @typedef {{title: string, rows: import("./measure.mjs").Row[]}} ModelRows
 * @typedef {{rounds: number, tokens: number, threads: number[], engines: string[], models: string[],
 *   candle: boolean, say: (line: string) => void}} Options
 */

/** @param {{url: string, models: string}} site @param {Options} options */
export async function runBench(site, options) {
  const { rounds, tokens, threads, models, say } = options;
  const native = options.engines.includes(NATIVE) ? findNative() : null;
  const measured = [];
  let extras = {};
  let chromium = "unknown";
  for (const key of models) {
    const { title, listed } = MODELS[key];
    say(title);
    const lanes = await openLanes(site, listed, native, options);
    try {
      const rows = await measureLanes(lanes, { rounds, tokens, say });
      measured.push({ title, rows });
      const ours = lanes.filter((lane) => lane.engine === "taleproof");
      chromium = ours[0].browser.version();
      if (listed === null) extras = await measureOurs(site.url, ours, rows[0], { rounds, say });
    } finally {
      for (const lane of lanes) await lane.dispose();
    }
  }
  const result = {
    date: new Date().toISOString().slice(0, 10),
    ...{ rounds, tokens, threads, chromium, machine: machineHere(), models: measured },
    missing: missingOf(options, native),
    ...extras,
  };
  return { ...result, aims: aimsOf(result) };
}

/** What only this engine is asked, with the product's own model open. */
async function measureOurs(base, lanes, row, { rounds, say }) {
  say("taleproof: a long context");
  const context = [];
  for (const lane of lanes) context.push(await measureContext(lane, rounds));
  const memory = await memoryOf(base, lanes[0], row);
  const digestBytesPerSecond = await lanes[0].page.evaluate(() => window.digestRate());
  say("taleproof: small models");
  const small = {};
  for (const name of ["stories260K", "float15M"]) small[name] = await measureSmall(base, name, rounds);
  return { context, memory, digestBytesPerSecond, small };
}

export function machineHere() {
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? "unknown",
    cores: processors.length,
    platform: process.platform,
  };
}

function titleOf(engine) {
  if (!(engine in PACKAGES)) return "Taleproof";
  const path = join(ROOT, "node_modules", PACKAGES[engine], "package.json");
  return `wllama ${JSON.parse(readFileSync(path, "utf8")).version}`;
}

/** Visits are measured with the product's own model only: they tell how fast a page starts, whatever the block type. */
async function openLanes(site, listed, native, { threads, engines, candle }) {
  const lanes = [];
  for (const engine of engines.filter((name) => name === "taleproof" || name in PACKAGES))
    for (const n of threads) {
      const lane = await BrowserLane.create(site.url, engine, titleOf(engine), n, listed);
      lanes.push(listed === null ? lane : Object.assign(lane, { visit: null }));
    }
  if (candle && listed === null) lanes.push(await candleLane(site.url));
  const path = listed === null ? join(PUBLIC, "models", MODEL) : pathOf(site.models, listed);
  if (native) lanes.push(...threads.map((n) => new NativeLane(native, n, path)));
  return lanes;
}

function pathOf(folder, listed) {
  const list = JSON.parse(readFileSync(join(folder, "models.json"), "utf8"));
  return join(folder, list[listed].files[0].name);
}

function missingOf({ engines, candle }, native) {
  const missing = [];
  if (engines.includes("candle") && !candle) missing.push({ engine: "candle", why: NO_CANDLE });
  if (engines.includes(NATIVE) && !native) missing.push({ engine: NATIVE, why: NO_NATIVE });
  return missing;
}

/** candle has one thread, brings no tokenizer, and is so slow that one round has to do. */
async function candleLane(base) {
  const lane = await BrowserLane.create(base, "candle", `candle ${CANDLE_VERSION}`, 1);
  return Object.assign(lane, { visit: null, mostRounds: 1 });
}

/** The peak of our page's process on one thread, and what it is made of. */
async function memoryOf(base, lane, row) {
  const figures = await lane.page.evaluate(() => window.memoryFigures);
  return {
    modelBytes: figures.model,
    cacheBytes: figures.cache,
    arenaBytes: figures.arena,
    pythonBytes: figures.python,
    peakBytes: row.peakProcessBytes,
    browserCountedBytes: row.browserCountedBytes,
    blankPageBytes: await blankMemory(base),
  };
}
