// SPDX-License-Identifier: Apache-2.0
/**
 * Builds the benchmark's pages beside the same public files as the product's, and serves them.
 *
 * Each run has a folder of its own, so that two at once do not take each other's pages away; it goes when the run ends.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { HEADERS } from "../headers.mjs";
import { PUBLIC, ROOT, venvProgram } from "../paths.mjs";
import { placeFile } from "../place.mjs";
import { Problem } from "../problem.mjs";
import { runQuietly } from "../run.mjs";
import { linkPublicFiles } from "../vite-public.mjs";

const PAGES = join(ROOT, "web", "bench");
const NAMES = ["taleproof", "wllama", "wllama-simd", "candle", "reading", "blank"];

/**
 * @param {string | null} candle the path of candle's module, where there is one
 * @param {boolean} real whether real models other than the product's own are needed
 * @returns {Promise<{url: string, models: string, close: () => Promise<void>}>} models: the folder of the benchmark's models
 */
export async function serveBench(candle, real = false) {
  const { build, preview } = await import("vite");
  mkdirSync(join(ROOT, "build"), { recursive: true });
  const outDir = mkdtempSync(join(ROOT, "build", "bench-"));
  /** @type {import("vite").InlineConfig} */
  const shared = {
    configFile: false,
    root: PAGES,
    base: "./",
    publicDir: PUBLIC,
    appType: "mpa",
    logLevel: "warn",
  };
  await build({
    ...shared,
    plugins: [linkPublicFiles()],
    worker: { format: "es" },
    build: {
      outDir,
      emptyOutDir: true,
      copyPublicDir: false,
      assetsInlineLimit: 0,
      target: "es2022",
      // wllama is one large module; that it is, is no news here.
      chunkSizeWarningLimit: 2000,
      rollupOptions: { input: NAMES.map((name) => join(PAGES, `${name}.html`)) },
    },
  });
  const models = join(outDir, "bench-models");
  await runQuietly(
    "The benchmark's models",
    venvProgram("python"),
    [join(ROOT, "scripts", "bench_models.py"), models, ...(real ? ["--real"] : [])],
    { log: "bench-models" },
  );
  if (candle) placeFile(candle, join(outDir, "candle", "candle.wasm"));
  const server = await preview({ ...shared, build: { outDir }, preview: { headers: HEADERS, port: 4190 } });
  const close = async () => {
    await server.close();
    rmSync(outDir, { recursive: true, force: true });
  };
  const url = server.resolvedUrls?.local[0];
  if (url === undefined) {
    await close();
    throw new Problem("no-address", "The benchmark's server has no address. Run the command again.");
  }
  return { url, models, close };
}
