// SPDX-License-Identifier: Apache-2.0
/** Does something as the publisher of the registry that network.json names, from a chain that its faucet gives. */
import { readDeployment, Wallets } from "./deployment.mjs";
import { requireLinera } from "./linera.mjs";
import { Publisher } from "./publisher.mjs";
import { withService } from "./service.mjs";

/** @typedef {import("./publisher.mjs").Accepted} Accepted */

/**
 * @param {{path: string | undefined, network: string | undefined}} options
 * @param {(wallet: import("./wallet.mjs").Wallet) => Promise<(publisher: Publisher) => Promise<Accepted>>} prepare what
 *   needs the wallet before its service has it; it gives what is done then
 * @returns {Promise<Accepted>}
 */
export async function asPublisher(options, prepare) {
  requireLinera();
  const { faucet, application } = readDeployment(options.network);
  const { publisher: wallet } = new Wallets(faucet, options.path);
  await wallet.claim(faucet);
  const act = await prepare(wallet);
  return withService(wallet, (service) => act(new Publisher(service, application)));
}
