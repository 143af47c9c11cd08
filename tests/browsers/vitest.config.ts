// SPDX-License-Identifier: Apache-2.0
/** The tests in browsers other than Chromium: `npx vitest run --config tests/browsers/vitest.config.ts`. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/browsers/**/*.test.ts"],
    environment: "node",
    // Each file starts browsers that load 98 MB: two at once on two cores would only measure each other.
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 180_000,
  },
});
