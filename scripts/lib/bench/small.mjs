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

/** Decode with some ten tokens before, and with nearly a thousand, in turns. */
export async function measureContext(lane, rounds) {
  const rates = { short: [], long: [] };
  for (let round = 0; round < rounds; round++) {
    const jobs = { short: SHORT_PROMPT, long: longPrompt(round) };
    for (const [name, prompt] of Object.entries(jobs)) {
      const figures = await lane.round({ prompt, maxTokens: CONTEXT_TOKENS });
      rates[name].push(figures.decodeTokensPerSecond);
    }
  }
  return {
    threads: lane.threads,
    shortTokensPerSecond: median(rates.short),
    longTokensPerSecond: median(rates.long),
  };
}

/** A small model on one thread, and where a token's time goes. */
export async function measureSmall(base, name, rounds) {
  const lane = await BrowserLane.create(base, "taleproof", name, 1);
  lane.address += `&timed=calls&model=${name}`;
  try {
    await lane.begin();
    const { bytes } = await lane.page.evaluate(
      async (model) => (await (await fetch("bench-models/models.json")).json())[model].files[0],
      name,
    );
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

/** More than any cache holds. */
const READ_BYTES = 1 << 28;

/** What the process of a page with nothing on it takes, by the same count. */
export async function blankMemory(base) {
  const browser = await BenchBrowser.create();
  try {
    await browser.visit(`${base}blank.html`);
    return await browser.peakMemory();
  } finally {
    await browser.dispose();
  }
}
