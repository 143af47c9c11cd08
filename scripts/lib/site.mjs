// SPDX-License-Identifier: Apache-2.0
/** Builds the site: public/ and web/ -> dist/. Only when something has changed, unless it is asked to. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeServiceWorker } from "./offline.mjs";
import { filesBelow } from "./stamp.mjs";
import { PUBLIC, ROOT, venvProgram } from "./paths.mjs";
import { Problem } from "./problem.mjs";
import { runShown } from "./run.mjs";
import { stamps } from "./set-up.mjs";

const DIST = join(ROOT, "dist");
const NETWORK = join(DIST, "network.json");
const VITE = join(ROOT, "node_modules", "vite", "bin", "vite.js");
const LICENCES = join(ROOT, "scripts", "licences.py");
const SOURCES = [
  "index.html",
  "chain.html",
  "engine.html",
  "web",
  "vite.config.js",
  "svelte.config.js",
  "tsconfig.json",
  "tsconfig.base.json",
  "package-lock.json",
  "LICENSE",
  "NOTICE",
  "licences",
];
/** Its content is known by its name and digest; reading 98 MB at each start would take longer than all the rest. */
const LARGE = join(PUBLIC, "models");

/** @type {import("./stamp.mjs").Step} */
const siteStep = {
  name: "site",
  title: "The site",
  inputs: () => [
    ...SOURCES.map((name) => join(ROOT, name)),
    join(ROOT, "scripts", "lib"),
    LICENCES,
    ...filesBelow(PUBLIC).filter((path) => !path.startsWith(LARGE)),
  ],
  outputs: () => [
    join(DIST, "index.html"),
    join(DIST, "licences.html"),
    join(DIST, "sw.js"),
    ...filesBelow(PUBLIC).map((path) => join(DIST, path.slice(PUBLIC.length + 1))),
  ],
  async run() {
    rmSync(DIST, { recursive: true, force: true });
    const code = await runShown(process.execPath, [VITE, "build", "--logLevel", "warn"]);
    if (code !== 0 || !existsSync(join(DIST, "index.html"))) {
      throw new Problem(
        "build-failed",
        "The site could not be built. The reason stands above; mend it and try again.",
      );
    }
    // A site without a chain says so: a browser would show a missing file as an error.
    if (!existsSync(NETWORK)) writeFileSync(NETWORK, "null\n");
    if ((await runShown(venvProgram("python"), [LICENCES, DIST])) !== 0) {
      throw new Problem(
        "licences-incomplete",
        "The site has parts that NOTICE does not name as they are. Each stands above: correct its line in NOTICE, " +
          "or put its licence's text into licences/.",
      );
    }
    await makeServiceWorker(DIST);
  },
};

/** @param {{force?: boolean}} [options] */
export async function buildSite({ force = false } = {}) {
  if (!force && stamps.isDone(siteStep)) return;
  console.log(`${siteStep.title} ...`);
  await stamps.run(siteStep);
}

/**
 * Serve dist/ and say where. Runs until the process ends.
 * @param {import("vite").PreviewOptions} [options]
 * @param {import("vite").Plugin[]} [plugins] for tests that answer some requests themselves
 */
export async function previewSite(options = {}, plugins = []) {
  const { preview } = await import("vite");
  const server = await preview({ root: ROOT, preview: options, logLevel: "warn", plugins });
  const url = server.resolvedUrls?.local[0];
  if (url === undefined)
    throw new Problem("no-address", "The site's server has no address. Run the command again.");
  return { server, url };
}
