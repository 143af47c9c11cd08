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
import { chromium } from "@playwright/test";
import { CHROMIUM_FLAGS, findChromium } from "../chromium.mjs";

/** Memory is measured at once, not after the browser's next pause. */
const FLAGS = [...CHROMIUM_FLAGS, "--enable-blink-features=ForceEagerMeasureMemory"];

export class BenchBrowser {
  static async create() {
    return new BenchBrowser(await mkdtemp(join(tmpdir(), "taleproof-bench-")));
  }

  constructor(profile) {
    this.profile = profile;
    this.context = null;
  }

  /** Visit a page in a browser that was just started. */
  async visit(address) {
    await this.leave();
    this.context = await chromium.launchPersistentContext(this.profile, {
      executablePath: findChromium(),
      args: FLAGS,
      headless: true,
    });
    const page = this.context.pages()[0] ?? (await this.context.newPage());
    page.setDefaultTimeout(600_000);
    page.on("pageerror", (error) => console.error(`${address}: ${error.message}`));
    await page.goto(address);
    return page;
  }

  /** The most memory that the page's process ever had at once, in bytes; null where the system does not tell. */
  async peakMemory() {
    const session = await this.context.browser()?.newBrowserCDPSession();
    const { processInfo } = session ? await session.send("SystemInfo.getProcessInfo") : { processInfo: [] };
    const peaks = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => peakOf(id));
    return peaks.length > 0 ? Math.max(...peaks) || null : null;
  }

  /** Processor time of the page's process so far, all its threads together, in seconds. */
  async processorSeconds() {
    const session = await this.context.browser().newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    const renderers = processInfo.filter(({ type }) => type === "renderer");
    return renderers.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
  }

  version() {
    return this.context.browser()?.version() ?? "unknown";
  }

  async leave() {
    await this.context?.close();
    this.context = null;
  }

  async dispose() {
    await this.leave();
    await rm(this.profile, { recursive: true, force: true });
  }
}

/** The high-water mark of a process's resident memory, from Linux's /proc. */
function peakOf(pid) {
  try {
    const line = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return line ? Number(line[1]) * 1024 : 0;
  } catch {
    return 0; // not Linux, or the process is gone
  }
}
