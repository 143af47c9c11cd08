/** Does something as the publisher of the registry that network.json names, from a chain that its faucet gives. */
import { readDeployment, Wallets } from "./deployment.mjs";
import { requireLinera } from "./linera.mjs";
import { Publisher } from "./publisher.mjs";
import { withService } from "./service.mjs";

/**
 * @param {{path?: string, network?: string}} options
 * @param {{prepare?: (wallet: import("./wallet.mjs").Wallet) => Promise<unknown>,
 *   act: (publisher: Publisher, prepared: any) => Promise<import("./publisher.mjs").Request>}} what prepare: what needs
 *   the wallet before its service has it
 */
export async function asPublisher(options, { prepare, act }) {
  requireLinera();
  const { faucet, application } = readDeployment(options.network);
  const { publisher: wallet } = new Wallets(faucet, options.path);
  await wallet.claim(faucet);
  const prepared = await prepare?.(wallet);
  return withService(wallet, (service) => act(new Publisher(service, application), prepared));
}
