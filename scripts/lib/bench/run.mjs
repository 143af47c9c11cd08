/**
 * One run: which engines there are here, their measurements, and what comes of them.
 *
 * In: the address of the pages, and the run's settings. Out: one object with every figure.
 */
import { cpus } from "node:os";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../paths.mjs";
import { aimsOf } from "./aims.mjs";
import { BrowserLane } from "./browser-lane.mjs";
import { NO_CANDLE } from "./candle.mjs";
import { MODEL } from "./jobs.mjs";
import { measureLanes } from "./measure.mjs";
import { findNative, NativeLane, NO_NATIVE } from "./native.mjs";
import { blankMemory, measureContext, measureSmall } from "./small.mjs";

const CANDLE_VERSION = "0.9.2";

/** @param {{rounds: number, tokens: number, threads: number[], engines: string[], candle: boolean, say: (line: string) => void}} options */
export async function runBench(base, options) {
  const { rounds, tokens, threads, say } = options;
  const { lanes, missing } = await openLanes(base, options);
  try {
    const rows = await measureLanes(lanes, { rounds, tokens, say });
    const ours = lanes.filter((lane) => lane.engine === "taleproof");
    say("taleproof: a long context");
    const context = [];
    for (const lane of ours) context.push(await measureContext(lane, rounds));
    const chromium = ours[0].browser.version();
    const memory = await memoryOf(base, ours[0], rows[0]);
    const digestBytesPerSecond = await ours[0].page.evaluate(() => window.digestRate());
    say("taleproof: small models");
    const small = {};
    for (const name of ["stories260K", "float15M"]) small[name] = await measureSmall(base, name, rounds);
    const result = {
      model: MODEL,
      date: new Date().toISOString().slice(0, 10),
      ...{ rounds, tokens, threads, chromium },
      machine: machineHere(),
      ...{ rows, missing, context, memory, digestBytesPerSecond, small },
    };
    return { ...result, aims: aimsOf(result) };
  } finally {
    for (const lane of lanes) await lane.dispose();
  }
}

export function machineHere() {
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? "unknown",
    cores: processors.length,
    platform: process.platform,
  };
}

/** The engines that run a model in a browser with pages alike, by name. */
export function engineTitles() {
  const wllama = JSON.parse(
    readFileSync(join(ROOT, "node_modules/@wllama/wllama/package.json"), "utf8"),
  ).version;
  return { taleproof: "Taleproof", wllama: `wllama ${wllama}` };
}

async function openLanes(base, { threads, engines, candle }) {
  const [lanes, missing] = [[], []];
  const titles = engineTitles();
  for (const engine of engines.filter((name) => name in titles)) {
    for (const n of threads) lanes.push(await BrowserLane.create(base, engine, titles[engine], n));
  }
  if (candle) lanes.push(await candleLane(base));
  else if (engines.includes("candle")) missing.push({ engine: "candle", why: NO_CANDLE });
  const native = engines.includes("llama.cpp") ? findNative() : null;
  if (native) lanes.push(...threads.map((n) => new NativeLane(native, n)));
  else if (engines.includes("llama.cpp")) missing.push({ engine: "llama.cpp", why: NO_NATIVE });
  return { lanes, missing };
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
