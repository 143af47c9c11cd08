// SPDX-License-Identifier: Apache-2.0
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// Node 20 has the relaxed integer dot product, which browsers have had since 2023, behind a flag.
const behindFlag = process.versions.node.startsWith("20.");

export default defineConfig({
  plugins: [svelte()],
  test: {
    include: ["tests/web/**/*.test.ts"],
    environment: "node",
    restoreMocks: true,
    testTimeout: 60_000, // only a hang reaches it, on a machine with other work too
    execArgv: behindFlag ? ["--experimental-wasm-relaxed-simd"] : [],
  },
});
