// SPDX-License-Identifier: Apache-2.0
/** `npm run build`: set-up, then the site into dist/, whether or not anything has changed. */
import "./lib/node-version.mjs";

const { runScript } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");
const { buildSite } = await import("./lib/site.mjs");

await runScript(async () => {
  await setUp();
  await buildSite({ force: true });
});
