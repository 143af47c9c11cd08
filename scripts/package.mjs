// SPDX-License-Identifier: Apache-2.0
/** `npm run package`: set-up, then the engine as an npm package, build/npm/taleproof.tgz. */
import "./lib/node-version.mjs";

const { runScript } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");
const { buildPackage, TARBALL } = await import("./lib/npm-package.mjs");

await runScript(async () => {
  await setUp();
  await buildPackage();
  console.log(`The package: ${TARBALL}`);
});
