// SPDX-License-Identifier: Apache-2.0
/**
 * One Chromium with a profile of its own, and what the operating system says about its memory.
 *
 * In: an address. Out: pages of the benchmark. The profile lives on disk and outlasts a restart of the browser, so that the
 * second visit finds the model in the browser's cache, as a reader's second visit does.
 */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHROMIUM_FLAGS, findChromium } from "../chromium.mjs";

/** Memory is measured at once, not after the browser's next pause. */
const FLAGS = [...CHROMIUM_FLAGS, "--enable-blink-features=ForceEagerMeasureMemory"];

export class BenchBrowser {
  static async create() {
    return new BenchBrowser(await mkdtemp(join(tmpdir(), "taleproof-bench-")));
  }

  /** @type {import("@playwright/test").BrowserContext | null} there between a visit and `leave` */
  #context = null;

  /** @param {string} profile a folder */
  constructor(profile) {
    this.profile = profile;
  }

  /** Visit a page in a browser that was just started. @param {string} address */
  async visit(address) {
    await this.leave();
    const { chromium } = await import("@playwright/test");
    const context = await chromium.launchPersistentContext(this.profile, {
      executablePath: findChromium(),
      args: FLAGS,
      headless: true,
    });
    this.#context = context;
    const page = context.pages()[0] ?? (await context.newPage());
    page.setDefaultTimeout(600_000);
    page.on("pageerror", (error) => console.error(`${address}: ${error.message}`));
    await page.goto(address);
    return page;
  }

  /** The most memory that the page's process ever had at once, in bytes; null where the system does not tell. */
  async peakMemory() {
    const peaks = (await this.#renderers()).map(({ id }) => peakOf(id));
    return peaks.length > 0 ? Math.max(...peaks) || null : null;
  }

  /** Processor time of the page's process so far, all its threads together, in seconds. */
  async processorSeconds() {
    return (await this.#renderers()).reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  }

  version() {
    return this.#browser().version();
  }

  async leave() {
    await this.#context?.close();
    this.#context = null;
  }

  /** The processes that show pages. */
  async #renderers() {
    const session = await this.#browser().newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    return processInfo.filter(({ type }) => type === "renderer");
  }

  #browser() {
    const browser = this.#context?.browser();
    if (!browser) throw new Error("no page has been visited, or Playwright tells nothing of its browser");
    return browser;
  }

  async dispose() {
    await this.leave();
    await rm(this.profile, { recursive: true, force: true });
  }
}

/** The high-water mark of a process's resident memory, from Linux's /proc. @param {number} pid */
function peakOf(pid) {
  try {
    const line = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return line ? Number(line[1]) * 1024 : 0;
  } catch {
    return 0; // not Linux, or the process is gone
  }
}
