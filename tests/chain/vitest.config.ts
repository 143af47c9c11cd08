/** The tests against a real local network: `npm run test:chain`. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/chain/**/*.test.ts"],
    environment: "node",
    globalSetup: ["tests/chain/global-setup.ts"],
    // One network for all, and its services would only take each other's processor time.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
