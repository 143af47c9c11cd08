// SPDX-License-Identifier: Apache-2.0
/**
 * Makes the site's service worker.
 *
 * In: a built site, complete. Out: sw.js in it, which names every file that the page needs without a network, with its SHA-256.
 * Left out are models, which the engine keeps, the chain's client, which is of no use without a network, and what whoever
 * runs the site may change: the catalogue and the description of a network.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { ROOT } from "./paths.mjs";
import { filesBelow } from "./stamp.mjs";

const NAME = "sw.js";
const LEFT_OUT = [
  /^models\//,
  /^\.vite\//,
  /^models\.json$/,
  /^network\.json$/,
  /^sw\.js$/,
  /^assets\/index_bg-.*\.wasm$/,
];

/** @param {string} folder of a built site */
export async function makeServiceWorker(folder) {
  /** @type {Record<string, string>} */
  const files = {};
  for (const path of filesBelow(folder).sort()) {
    const name = relative(folder, path).split(sep).join("/");
    if (!LEFT_OUT.some((pattern) => pattern.test(name))) files[name] = sha256(readFileSync(path));
  }
  const version = { id: sha256(JSON.stringify(files)), files };
  const { build } = await import("vite"); // which is not there yet where this file is read before set-up
  await build({
    root: ROOT,
    configFile: false,
    logLevel: "warn",
    define: { SITE_VERSION: JSON.stringify(version) },
    build: {
      outDir: folder,
      emptyOutDir: false,
      copyPublicDir: false,
      target: "es2022",
      rolldownOptions: {
        input: join(ROOT, "web", "offline", "service-worker.ts"),
        output: { format: "iife", entryFileNames: NAME },
      },
    },
  });
}

/** @param {string | Uint8Array} data */
function sha256(data) {
  return createHash("sha256").update(data).digest("hex");
}
