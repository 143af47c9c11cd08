// SPDX-License-Identifier: Apache-2.0
/** `npm run dev`: set-up, then Vite's development server, for those who change the page. */
import "./lib/node-version.mjs";

const { runScript } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");

await runScript(async () => {
  await setUp();
  const { createServer } = await import("vite");
  const { ROOT } = await import("./lib/paths.mjs");
  const server = await createServer({ root: ROOT });
  await server.listen();
  server.printUrls();
});
