// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run chain:deploy -- --faucet URL`: a registry on any network, the public testnet included.
 *
 * In: the network's faucet. Out: the application with the catalogue's models on a chain of its own, and network.json for
 * the page. Each run founds a new registry; the wallets stay the same.
 */
import "../lib/node-version.mjs";

const { buildApplication } = await import("../lib/chain/application.mjs");
const { Wallets, writeDeployment } = await import("../lib/chain/deployment.mjs");
const { requireLinera } = await import("../lib/chain/linera.mjs");
const { readOptions } = await import("../lib/chain/options.mjs");
const { foundRegistry } = await import("../lib/chain/registry.mjs");
const { Problem, runScript } = await import("../lib/problem.mjs");

const USAGE = "npm run chain:deploy -- --faucet URL [--path FOLDER] [--network FILE]";

await runScript(async () => {
  const { options } = readOptions(USAGE, {
    options: { faucet: undefined, path: undefined, network: undefined },
  });
  const { faucet } = options;
  if (faucet === undefined || !URL.canParse(faucet)) throw new Problem("usage", `Usage: ${USAGE}`);
  requireLinera();
  const wasm = await buildApplication((text) => console.log(text));
  const wallets = new Wallets(faucet, options.path);
  const deployment = await foundRegistry(faucet, wallets, wasm);
  writeDeployment(deployment, options.network);
  console.log(`
The registry is application ${deployment.application}
  on chain ${deployment.homeChain}
Its keys are in ${wallets.folder}: keep them.
Build the site (\`npm run build\`) and it offers this chain. Changes that others publish are answered while
\`npm run chain:serve\` runs somewhere with these keys.`);
});
