/**
 * Gemma 3 with its large vocabulary, beside wllama in one run: the same file, prompt and number of tokens.
 *
 * In: the address of the pages, and the run's settings. Out: rows as a whole run has them, and the aims.
 */
import { BrowserLane } from "./browser-lane.mjs";
import { measureLanes } from "./measure.mjs";
import { engineTitles, machineHere } from "./run.mjs";

export const GEMMA = "Gemma 3 270M";

/** @param {{rounds: number, tokens: number, threads: number[], say: (line: string) => void}} options */
export async function measureGemma(base, { rounds, tokens, threads, say }) {
  const lanes = [];
  try {
    for (const [engine, title] of Object.entries(engineTitles())) {
      for (const n of threads) lanes.push(await gemmaLane(base, engine, title, n));
    }
    const rows = await measureLanes(lanes, { rounds, tokens, say });
    const chromium = lanes[0].browser.version();
    const date = new Date().toISOString().slice(0, 10);
    const result = { model: GEMMA, date, rounds, tokens, threads, chromium, machine: machineHere(), rows };
    return { ...result, missing: [], aims: aimsOf(result) };
  } finally {
    for (const lane of lanes) await lane.dispose();
  }
}

/** Visits are not measured: reading.mjs tells what loading takes. */
async function gemmaLane(base, engine, title, threads) {
  const lane = await BrowserLane.create(base, engine, title, threads);
  lane.address += `&model=${encodeURIComponent(GEMMA)}`;
  return Object.assign(lane, { visit: null });
}

function aimsOf({ rows, threads }) {
  const rate = (engine, n) =>
    rows.find((row) => row.engine === engine && row.threads === n).decodeTokensPerSecond;
  return threads.map((n) => {
    const value = rate("taleproof", n) / rate("wllama", n);
    const label = n === 1 ? "1 thread" : `${n} threads`;
    return { aim: `decode, ${label}, to wllama's`, wanted: "at least 3", value, met: value >= 3 };
  });
}
