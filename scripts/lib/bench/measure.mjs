/**
 * The measurements themselves.
 *
 * In: the address of the pages, how many rounds and tokens. Out: for each engine the median of every figure and the
 * figures of each round. Refused: an engine that writes nothing.
 */
import { cpus } from "node:os";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../paths.mjs";
import { Problem } from "../problem.mjs";
import { BenchBrowser } from "./browser.mjs";

const ENGINES = ["taleproof", "wllama"];

/** Some 200 tokens. Each round starts with other words, so that nobody can answer from a cache of the last round. */
const OPENINGS = [
  "Long ago,",
  "One winter,",
  "In those days,",
  "Every spring,",
  "That evening,",
  "Far away,",
  "At noon,",
];
const PASSAGE =
  "there was a lighthouse on the last rock before the open sea, and in it lived a keeper who had not spoken to anyone " +
  "for seven years. Each night she climbed the two hundred and twelve steps, trimmed the wick, and wrote one line in a " +
  "book that nobody had ever asked to read. She wrote about the ships that passed and the ones that did not, about the " +
  "colour of the water before a storm, and about a sound which came from below the rock when the tide was at its " +
  "lowest: three slow knocks, a pause, and then a fourth. She had counted them so often that she no longer heard them, " +
  "as one no longer hears a clock. But on the evening when the boat came, the knocks came too early, and there were " +
  "five. The keeper put down her pen. She took the lamp from its hook, opened the iron door at the foot of the stairs, " +
  "and for the first time in seven years she said something aloud. The boy in the boat looked up at her and";

/** @param {string} base @param {{rounds: number, tokens: number, threads: number, say: (line: string) => void}} options */
export async function measureAll(base, { rounds, tokens, threads, say }) {
  const browsers = await Promise.all(ENGINES.map((name) => BenchBrowser.create(name, base, threads)));
  try {
    const runs = new Map(ENGINES.map((name) => [name, { opening: {}, rounds: [] }]));
    for (const browser of browsers) {
      say(`${browser.name}: the first visit, which puts the model into the browser's cache`);
      runs.get(browser.name).opening = await measureOpening(browser, tokens);
    }
    const pages = [];
    for (const browser of browsers) pages.push(await openedPage(browser, runs.get(browser.name).opening));
    for (let round = 0; round < rounds; round++) {
      for (const [i, { name }] of browsers.entries()) {
        say(`${name}: round ${round + 1} of ${rounds}`);
        runs.get(name).rounds.push(await measureRound(pages[i], round, tokens));
      }
    }
    for (const [i, browser] of browsers.entries()) {
      const run = runs.get(browser.name);
      run.memory = await measureMemory(browser, pages[i]);
      run.digest = await pages[i].evaluate(() => window.bench.digest());
    }
    return report(runs, { rounds, tokens, threads, chromium: browsers[0].version() });
  } finally {
    for (const browser of browsers) await browser.dispose();
  }
}

/** First visit: download. Second visit: nothing but the page and the engine; the click then has all the rest to do. */
async function measureOpening(browser, tokens) {
  const first = await browser.visit({ open: true });
  await first.evaluate(() => window.bench.opened);
  const second = await browser.visit();
  const started = await second.evaluate(() => window.bench.started);
  const written = await clickWrite(second, { prompt: "Once upon a time", maxTokens: Math.min(8, tokens) });
  return { pageToEngineMs: started, clickToFirstTokenColdMs: written.first - written.clicked };
}

/** A fresh visit with the model in the cache, opened at once: how long until one can write. */
async function openedPage(browser, opening) {
  const page = await browser.visit({ open: true });
  opening.pageToReadyMs = await page.evaluate(() => window.bench.opened);
  return page;
}

async function measureRound(page, round, tokens) {
  const prompt = `${OPENINGS[round % OPENINGS.length]} ${PASSAGE}`;
  const written = await clickWrite(page, { prompt, maxTokens: tokens });
  if (written.tokens <= written.firstTokens) {
    throw new Problem(
      "bench-no-text",
      "An engine wrote next to nothing, so that its rate cannot be told. See above.",
    );
  }
  return {
    promptTokens: written.promptTokens,
    tokens: written.tokens,
    clickToFirstTokenMs: written.first - written.clicked,
    prefillTokensPerSecond: (written.promptTokens / (written.first - written.began)) * 1000,
    decodeTokensPerSecond: ((written.tokens - written.firstTokens) / (written.last - written.first)) * 1000,
    text: written.text,
  };
}

async function clickWrite(page, job) {
  await page.evaluate((value) => void (window.bench.job = value), job);
  await page.getByRole("button", { name: "Write" }).click();
  return page.evaluate(() => window.bench.written);
}

/** The browser's own count leaves out some WebAssembly memory, so the table shows what the operating system says. */
async function measureMemory(browser, page) {
  const peakProcessBytes = await browser.peakMemory();
  return { peakProcessBytes, browserCountedBytes: await page.evaluate(() => window.bench.memory()) };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function report(runs, settings) {
  const engines = {};
  for (const [name, { opening, rounds, memory, digest }] of runs) {
    const middle = (key) => median(rounds.map((round) => round[key]));
    engines[name] = {
      decodeTokensPerSecond: middle("decodeTokensPerSecond"),
      prefillTokensPerSecond: middle("prefillTokensPerSecond"),
      clickToFirstTokenMs: middle("clickToFirstTokenMs"),
      ...opening,
      ...memory,
      digestBytesPerSecond: digest,
      rounds,
    };
  }
  const wllama = JSON.parse(
    readFileSync(join(ROOT, "node_modules/@wllama/wllama/package.json"), "utf8"),
  ).version;
  const machine = {
    processor: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    platform: process.platform,
  };
  return { model: "SmolLM2-135M-Instruct.Q4_1.gguf", ...settings, wllama, machine, engines };
}
