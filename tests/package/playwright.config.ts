// SPDX-License-Identifier: Apache-2.0
/**
 * The tests of the npm package: its tarball, installed into copies of the examples and served, in Chromium.
 *
 * In: what `npm run package` makes, which each test file asks for and finds made after the first.
 */
import { defineConfig, devices } from "@playwright/test";
import { CHROMIUM_FLAGS, findChromium } from "../../scripts/lib/chromium.mjs";

export default defineConfig({
  testDir: ".",
  outputDir: "../../test-results/package",
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: process.env.CI === "true",
  timeout: 180_000,
  expect: { timeout: 60_000 },
  reporter: "list",
  use: {
    ...devices["Desktop Chrome"],
    trace: "retain-on-failure",
    launchOptions: { executablePath: findChromium(), args: CHROMIUM_FLAGS },
  },
  projects: [{ name: "chromium" }],
});
