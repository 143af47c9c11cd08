// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run chain:up`: a network on this machine with a registry, for as long as it runs.
 *
 * In: ports, a folder for state. Out: a network with a faucet, the application with the catalogue's models, and
 * network.json for the page. Ctrl+C takes all of it down. A new start begins with a new network.
 */
import "../lib/node-version.mjs";

const { rmSync } = await import("node:fs");
const { join } = await import("node:path");
const { buildApplication } = await import("../lib/chain/application.mjs");
const { removeDeployment, Wallets, writeDeployment } = await import("../lib/chain/deployment.mjs");
const { keepService, untilInterrupted } = await import("../lib/chain/keep.mjs");
const { requireLinera } = await import("../lib/chain/linera.mjs");
const { startNetwork } = await import("../lib/chain/network.mjs");
const { readOptions, readPort } = await import("../lib/chain/options.mjs");
const { requirePorts } = await import("../lib/chain/ports.mjs");
const { foundRegistry } = await import("../lib/chain/registry.mjs");
const { runScript } = await import("../lib/problem.mjs");

const USAGE =
  "npm run chain:up -- [--faucet-port 8080] [--service-port 8081] [--base-port 9000] [--path FOLDER] [--network FILE]";

await runScript(async () => {
  const { options } = readOptions(USAGE, {
    options: {
      "faucet-port": "8080",
      "service-port": "8081",
      "base-port": "9000",
      path: undefined,
      network: undefined,
    },
  });
  const faucetPort = readPort(options["faucet-port"], "faucet-port");
  const servicePort = readPort(options["service-port"], "service-port");
  const basePort = readPort(options["base-port"], "base-port", 61_000);
  requireLinera();
  const wasm = await buildApplication((text) => console.log(text));
  const wallets = new Wallets(`http://localhost:${faucetPort}`, options.path);
  await untilInterrupted(async ({ later }) => {
    await requirePorts(
      { "the wallet's service": servicePort },
      "End that program, or choose another with --service-port.",
    );
    const { broken, faucet } = await startNetwork({
      folder: join(wallets.folder, "network"),
      faucetPort,
      basePort,
      // The wallets of a network that is gone are of no use.
      prepare: () => rmSync(wallets.folder, { recursive: true, force: true }),
      later,
    });
    console.log("The network is running.");
    const deployment = await Promise.race([foundRegistry(faucet, wallets, wasm), broken]);
    later(() => removeDeployment(options.network));
    await keepService(wallets.home, {
      port: servicePort,
      broken,
      later,
      onReady({ url }) {
        writeDeployment(deployment, options.network);
        console.log(`
The registry is application ${deployment.application}
  on chain ${deployment.homeChain}
  faucet   ${faucet}
  GraphQL  ${url}/chains/${deployment.homeChain}/applications/${deployment.application}
Open the page with \`npm start\` in another terminal. Leave this one open; Ctrl+C ends the network.`);
      },
    });
  });
});
