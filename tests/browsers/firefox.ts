// SPDX-License-Identifier: Apache-2.0
/** Firefox, driven over WebDriver BiDi. */

import puppeteer from "puppeteer-core";
import { findProgram, type DrivenBrowser } from "./driven";

export function firefoxProgram(): string | null {
  return process.env.TALEPROOF_FIREFOX ?? findProgram("firefox", "firefox-esr");
}

export async function startFirefox(): Promise<DrivenBrowser> {
  const executablePath = firefoxProgram();
  if (executablePath === null) throw new Error("Firefox is not installed");
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath,
    headless: true,
    timeout: 120_000,
    protocolTimeout: 600_000,
  });
  const page = await browser.newPage();
  return {
    async visit(url) {
      await page.goto(url);
    },
    async run<A, T>(task: (argument: A) => T | Promise<T>, argument: A) {
      return (await page.evaluate(task as (argument: unknown) => unknown, argument)) as T;
    },
    close: () => browser.close(),
  };
}
