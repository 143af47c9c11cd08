// SPDX-License-Identifier: Apache-2.0
/** A page that has the installed package and nothing else. */

import type { Page } from "@playwright/test";
import type { EngineError, Model, Taleproof } from "../../web/engine/index";
import type { Installed } from "./installed";

type Package = typeof import("../../web/engine/index");

declare global {
  interface Window {
    installed: Package;
    tale: Taleproof;
    model: Model;
  }
}

/** An error as a test compares it. */
export type Failure = Pick<EngineError, "code" | "message" | "details" | "verdict">;

const BLANK = `<!doctype html><meta charset="utf-8"><title>The package</title>
<script type="module">
  import * as installed from "/node_modules/taleproof/index.js";
  window.installed = installed;
</script>`;

export function writeBlankPage(installed: Installed): void {
  installed.write("blank.html", BLANK);
}

export async function visit(page: Page, url: string): Promise<void> {
  await page.goto(`${url}blank.html`);
  await page.waitForFunction(() => "installed" in window);
}

/** Starts the engine, which must work. */
export async function start(page: Page, assets?: string): Promise<void> {
  await page.evaluate(async (folder) => {
    window.tale = await window.installed.Taleproof.start({ assets: folder });
  }, assets);
}

/** How a start fails. */
export async function failedStart(
  page: Page,
  options: { assets?: string; threads?: number } = {},
): Promise<Failure> {
  return page.evaluate(async (wanted) => {
    try {
      await window.installed.Taleproof.start(wanted);
    } catch (thrown) {
      const { code, message, details, verdict } = thrown as EngineError;
      return { code, message, details, verdict };
    }
    throw new Error("it started all the same");
  }, options);
}
