// SPDX-License-Identifier: Apache-2.0
/**
 * The browser tests: they drive the site as built in dist/, with the Chromium that the machine has.
 *
 * In: dist/ (made by `npm run build`), TALEPROOF_CHROMIUM to name a browser that is not found by itself.
 * Refused: a machine without Chromium; a missing browser is an error, never a reason to skip.
 */
import { availableParallelism } from "node:os";
import { defineConfig } from "@playwright/test";
import { COMMON } from "./tests/playwright";

/** These measure what a person must be told within a time: `npm test` runs them with no other file beside them. */
const TIMED = ["**/stop.spec.ts", "**/hangs.spec.ts"];

const PORT = Number(process.env.TALEPROOF_TEST_PORT ?? 4199);

export default defineConfig({
  ...COMMON,
  testDir: "tests/e2e",
  outputDir: "test-results",
  // A page that starts has one busy thread for most of its time, so two files go at once; each test has a browser context of its own.
  workers: Math.min(availableParallelism(), 2),
  expect: { timeout: 30_000 },
  use: { ...COMMON.use, baseURL: `http://localhost:${PORT}/` },
  projects: [
    { name: "chromium", testIgnore: TIMED },
    { name: "timed", testMatch: TIMED, workers: 1 },
  ],
  webServer: {
    command: `npm exec vite -- preview --port ${PORT} --strictPort`,
    url: `http://localhost:${PORT}/`,
    reuseExistingServer: false,
    timeout: 60_000,
  },
});
