// SPDX-License-Identifier: Apache-2.0
/**
 * How the site is served while developing, and built and previewed for readers.
 *
 * In: index.html, web/, and public/ as scripts/setup.mjs fills it (Pyodide, wheels, kernels, the demo model).
 * Out: dist/, a folder that any static host can serve, also from below a path: all addresses are relative.
 */
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { HEADERS } from "./scripts/lib/headers.mjs";
import { listPackages } from "./scripts/lib/vite-packages.mjs";
import { linkPublicFiles } from "./scripts/lib/vite-public.mjs";

// How long each plugin took is no news to those who only want to see the page.
const checks = { bundlerTimings: false };
const packages = listPackages();

export default defineConfig({
  base: "./",
  // A missing file answers 404. Vite's default would send index.html with status 200 in its place.
  appType: "mpa",
  plugins: [svelte(), linkPublicFiles(), packages.page],
  worker: { format: "es", plugins: () => [packages.worker], rolldownOptions: { checks } },
  build: {
    target: "es2022",
    // The plugin above links the large files; a copy of the demo model at each build would cost 98 MB and time.
    copyPublicDir: false,
    assetsInlineLimit: 0,
    rolldownOptions: {
      checks,
      // The front page, the wallet's frame, and the engine by itself for measurements and the browser tests. The chain's
      // client starts threads that import it by its own name, so it is an entry too, with all that it exports.
      input: ["index.html", "chain.html", "engine.html", "@linera/client"],
      preserveEntrySignatures: "strict",
    },
  },
  optimizeDeps: { exclude: ["@linera/client"] },
  server: {
    headers: HEADERS,
    port: 5173,
    watch: { ignored: ["**/.venv/**", "**/build/**", "**/public/models/**"] },
  },
  preview: { headers: HEADERS, port: 4173 },
});
