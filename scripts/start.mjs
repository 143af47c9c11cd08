// SPDX-License-Identifier: Apache-2.0
/** `npm start`: set-up, build, and the built site on a local address, which it prints. */
import "./lib/node-version.mjs";

const { runScript } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");
const { buildSite, previewSite } = await import("./lib/site.mjs");

await runScript(async () => {
  await setUp();
  await buildSite();
  const { url } = await previewSite();
  console.log(`\nTaleproof is open at ${url}\nLeave this window open while you write; Ctrl+C ends it.`);
});
