// SPDX-License-Identifier: Apache-2.0
/**
 * The tests of the npm package: its tarball, installed into copies of the examples and served, in Chromium.
 *
 * In: what `npm run package` makes, which each test file asks for and finds made after the first.
 */
import { defineConfig } from "@playwright/test";
import { COMMON } from "../playwright";

export default defineConfig({
  ...COMMON,
  testDir: ".",
  outputDir: "../../test-results/package",
  workers: 1,
  expect: { timeout: 60_000 },
  projects: [{ name: "chromium" }],
});
