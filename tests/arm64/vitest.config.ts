// SPDX-License-Identifier: Apache-2.0
/** The engine's bits on arm64, under emulation: `npm run test:arm64`. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/arm64/*.test.ts"],
    // Emulated, a core is some fifty times slower; only what hangs takes so long.
    testTimeout: 3_600_000,
    hookTimeout: 3_600_000,
  },
});
