// SPDX-License-Identifier: Apache-2.0
/**
 * The lane of an engine in a browser: one engine, with one number of threads, in a Chromium of its own.
 *
 * In: texts to go on with. Out: figures. Refused: an engine that writes next to nothing.
 */
import { Problem } from "../problem.mjs";
import { BenchBrowser } from "./browser.mjs";

/** Four words, so that all the time until the first token is the opening's. */
const FIRST_WORDS = "Once upon a time";

const WARM_UP = "The keeper of the light climbed the stairs, as she did on every evening, ".repeat(4);
/** For an engine without a tokenizer; which tokens they are does not matter. */
const WARM_UP_IDS = [1, 2, 3, 4];

/** @typedef {import("@playwright/test").Page} Page */

export class BrowserLane {
  /**
   * A visit in a fresh browser that opens the model and writes at once. The first one puts the model into the cache. Null
   * where visits are not to be measured.
   * @type {(() => Promise<import("./measure.mjs").Visit>) | null}
   */
  visit = async () => {
    const page = await this.browser.visit(`${this.address}&write=${encodeURIComponent(FIRST_WORDS)}`);
    const readyMs = await page.evaluate(() => window.bench.opened);
    const { first } = await page.evaluate(() => window.bench.written);
    return { pageToReadyMs: readyMs, pageToFirstTokenMs: first };
  };

  /** Where there are to be fewer rounds than of the other engines. */
  mostRounds = Infinity;

  /** @type {Page | null} */
  #page = null;

  /**
   * @param {string} base the address of the benchmark's pages
   * @param {string} engine the name of its page
   * @param {string} title
   * @param {number} threads
   * @param {string | null} model the name of one of the benchmark's models; null for the product's own
   */
  static async create(base, engine, title, threads, model = null) {
    const chosen = model === null ? "" : `&model=${encodeURIComponent(model)}`;
    const address = `${base}${engine}.html?threads=${threads}${chosen}`;
    return new BrowserLane(engine, title, threads, address, await BenchBrowser.create());
  }

  /**
   * @param {string} engine
   * @param {string} title
   * @param {number} threads
   * @param {string} address
   * @param {BenchBrowser} browser
   */
  constructor(engine, title, threads, address, browser) {
    this.engine = engine;
    this.title = title;
    this.threads = threads;
    this.address = address;
    this.browser = browser;
  }

  /** The page that `begin` has visited. */
  get page() {
    if (!this.#page) throw new Error("the lane has not begun");
    return this.#page;
  }

  /** A visit that stays, for all rounds. A few words beforehand have the browser compile for speed what they run. */
  async begin() {
    this.#page = await this.browser.visit(this.address);
    await this.#page.evaluate(() => window.bench.opened);
    await this.round({ prompt: WARM_UP, ids: WARM_UP_IDS, maxTokens: 8 });
  }

  /** @param {import("./measure.mjs").Job} job */
  async round({ prompt, ids = [], maxTokens }) {
    await this.page.evaluate((job) => void (window.bench.job = job), { prompt, ids, maxTokens });
    const before = await this.browser.processorSeconds();
    await this.page.getByRole("button", { name: "Write" }).click();
    await this.page.evaluate(() =>
      Promise.race([window.bench.begun, window.bench.written.then(() => undefined)]),
    );
    const between = await this.browser.processorSeconds();
    const written = await this.page.evaluate(() => window.bench.written);
    const after = await this.browser.processorSeconds();
    if (written.tokens <= written.firstTokens) {
      throw new Problem(
        "bench-no-text",
        "An engine wrote next to nothing, so that its rate cannot be told. See above.",
      );
    }
    const decoded = written.tokens - written.firstTokens;
    return {
      promptTokens: written.promptTokens,
      tokens: written.tokens,
      clickToFirstTokenMs: written.first - written.clicked,
      prefillTokensPerSecond: (written.promptTokens / (written.first - written.began)) * 1000,
      decodeTokensPerSecond: (decoded / (written.last - written.first)) * 1000,
      prefillTokensPerProcessorSecond: written.promptTokens / (between - before),
      decodeTokensPerProcessorSecond: decoded / (after - between),
      text: written.text,
      ids: written.ids,
    };
  }

  /** What the operating system says, and what the browser counts by itself. */
  async memory() {
    const peakProcessBytes = await this.browser.peakMemory();
    return { peakProcessBytes, browserCountedBytes: await this.page.evaluate(() => window.bench.memory()) };
  }

  async dispose() {
    await this.browser.dispose();
  }
}
