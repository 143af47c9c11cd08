// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run chain:serve`: keeps the home chain of a registry that `chain:deploy` has founded, so that what others publish
 * and revoke is answered. Readers need no such service.
 */
import "../lib/node-version.mjs";

const { readDeployment, Wallets } = await import("../lib/chain/deployment.mjs");
const { keepService, untilInterrupted } = await import("../lib/chain/keep.mjs");
const { requireLinera } = await import("../lib/chain/linera.mjs");
const { readOptions, readPort } = await import("../lib/chain/options.mjs");
const { Problem, runScript } = await import("../lib/problem.mjs");

const USAGE = "npm run chain:serve -- [--service-port 8081] [--path FOLDER] [--network FILE]";

await runScript(async () => {
  const { options } = readOptions(USAGE, {
    options: { "service-port": "8081", path: undefined, network: undefined },
  });
  const port = readPort(options["service-port"], "service-port");
  requireLinera();
  const { faucet, homeChain, application } = readDeployment(options.network);
  const { home, folder } = new Wallets(faucet, options.path);
  if (!home.exists || home.chain !== homeChain) {
    throw new Problem(
      "not-keeper",
      `The keys of the registry's home chain ${homeChain} are not in ${folder}.`,
    );
  }
  await untilInterrupted(({ later }) =>
    keepService(home, {
      port,
      later,
      onReady({ url }) {
        console.log(
          `The home chain is kept: ${url}/chains/${homeChain}/applications/${application}\nCtrl+C ends it.`,
        );
      },
    }),
  );
});
