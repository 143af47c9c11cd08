/**
 * The measurements themselves, the engines taking turns, so that a machine that grows slower does so for all of them.
 *
 * In: lanes (an engine with a number of threads), how many rounds and tokens. Out: a row of figures for each lane: the
 * median of its rounds, and each round.
 */
import { openingOf } from "./jobs.mjs";

/** Figures of which a row has the median. */
const MEDIANS = [
  "decodeTokensPerSecond",
  "prefillTokensPerSecond",
  "decodeTokensPerProcessorSecond",
  "prefillTokensPerProcessorSecond",
  "clickToFirstTokenMs",
  "pageToReadyMs",
  "pageToFirstTokenMs",
];

/** @param {{rounds: number, tokens: number, say: (line: string) => void}} options */
export async function measureLanes(lanes, { rounds, tokens, say }) {
  const named = (lane) => `${lane.engine}, ${lane.threads} ${lane.threads === 1 ? "thread" : "threads"}`;
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
  let ids = [];
  for (let round = 0; round < rounds; round++) {
    for (const turn of turns) {
      if (round >= (turn.lane.mostRounds ?? rounds)) continue;
      say(`${named(turn.lane)}: round ${round + 1} of ${rounds}`);
      const figures = await turn.lane.round({ prompt: openingOf(round), ids, maxTokens: tokens });
      if (figures.ids?.length) ids = figures.ids;
      delete figures.ids;
      turn.rounds.push(figures);
    }
  }
  return Promise.all(turns.map(rowOf));
}

async function rowOf({ lane, visits, rounds }) {
  const { engine, title, version = null, instructions = null, threads } = lane;
  const row = { engine, title, version, instructions, threads };
  for (const key of MEDIANS) {
    const values = [...visits, ...rounds]
      .map((figures) => figures[key])
      .filter((value) => value !== undefined);
    if (values.length > 0) row[key] = median(values);
  }
  return { ...row, ...(await lane.memory?.()), visits, rounds };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
