// SPDX-License-Identifier: Apache-2.0
/** `npm run chain:build`: the application of chain/ as WebAssembly, into build/chain/. */
import "../lib/node-version.mjs";

const { runScript } = await import("../lib/problem.mjs");

await runScript(async () => {
  const { statSync } = await import("node:fs");
  const { relative } = await import("node:path");
  const { sha256File } = await import("../lib/cache.mjs");
  const { ROOT } = await import("../lib/paths.mjs");
  const { buildApplication } = await import("../lib/chain/application.mjs");

  const built = await buildApplication((text) => console.log(text));
  for (const path of Object.values(built)) {
    console.log(`${relative(ROOT, path)}  ${statSync(path).size} bytes  SHA-256 ${await sha256File(path)}`);
  }
});
