// SPDX-License-Identifier: Apache-2.0
/** What every test with Playwright has in common: Chromium as the machine has it, and neither retries nor `only`. */
import { devices, type PlaywrightTestConfig } from "@playwright/test";
import { CHROMIUM_FLAGS, findChromium } from "../scripts/lib/chromium.mjs";

export const COMMON = {
  fullyParallel: false,
  retries: 0,
  forbidOnly: process.env.CI === "true",
  timeout: 180_000,
  reporter: "list",
  use: {
    ...devices["Desktop Chrome"],
    trace: "retain-on-failure",
    // Each test has a browser of its own, which would fetch and keep the whole site; offline.spec.ts lets it.
    serviceWorkers: "block",
    launchOptions: { executablePath: findChromium(), args: CHROMIUM_FLAGS },
  },
} satisfies PlaywrightTestConfig;
