/**
 * How the site is served while developing, and built and previewed for readers.
 *
 * In: index.html, web/, and public/ as scripts/setup.mjs fills it (Pyodide, wheels, kernels, the demo model).
 * Out: dist/, a folder that any static host can serve, also from below a path: all addresses are relative.
 */
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { linkPublicFiles } from "./scripts/lib/vite-public.mjs";

/** Cross-origin isolation: without these the page gets neither shared memory nor precise memory figures. */
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

export default defineConfig({
  base: "./",
  // A missing file answers 404. Vite's default would send index.html with status 200 in its place.
  appType: "mpa",
  plugins: [svelte(), linkPublicFiles()],
  worker: { format: "es" },
  build: {
    target: "es2022",
    // The plugin above links the large files; a copy of the demo model at each build would cost 98 MB and time.
    copyPublicDir: false,
    assetsInlineLimit: 0,
  },
  server: { headers, port: 5173, watch: { ignored: ["**/.venv/**", "**/build/**", "**/public/models/**"] } },
  preview: { headers, port: 4173 },
});
