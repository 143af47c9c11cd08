/** Builds the benchmark's two pages into build/bench, beside the same public files as the product's, and serves them. */
import { join } from "node:path";
import { HEADERS } from "../headers.mjs";
import { PUBLIC, ROOT } from "../paths.mjs";
import { linkPublicFiles } from "../vite-public.mjs";

const PAGES = join(ROOT, "web", "bench");

/** @returns {Promise<{url: string, close: () => Promise<void>}>} */
export async function serveBench() {
  const { build, preview } = await import("vite");
  const outDir = join(ROOT, "build", "bench");
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
      rollupOptions: { input: ["taleproof", "wllama"].map((name) => join(PAGES, `${name}.html`)) },
    },
  });
  const server = await preview({ ...shared, build: { outDir }, preview: { headers: HEADERS, port: 4190 } });
  return { url: server.resolvedUrls.local[0], close: () => server.close() };
}
