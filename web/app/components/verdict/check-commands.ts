// SPDX-License-Identifier: Apache-2.0
/** The command lines that check a tick without this page. In: the network, and what its registry said. Out: text for a shell. */

import type { Network } from "../../../chain/network";
import type { RegistryAnswer } from "../../../engine/protocol";

/** Between quotes, for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export function verifyCommand(): string {
  return "python -m taleproof verify MODEL --registry answer.json";
}

/** Not the one of a local network's faucet, nor of its service. */
export const PORT = 8088;

const QUERY =
  "query($name: String!, $number: Int!) { model(name: $name) { version(number: $number) { " +
  "publisher published { height } revoked { reason } release { files { name sha256 sha3_256 } } } } }";

/**
 * A new wallet, in a folder of its own, follows the home chain. It shows the block of the publication, and its service is
 * asked what the registry has.
 */
export function chainCommands(
  network: Network,
  { model, version, block }: Pick<RegistryAnswer, "model" | "version" | "block">,
): string {
  const { faucet, homeChain, application } = network;
  const question = JSON.stringify({ query: QUERY, variables: { name: model, number: version } });
  return [
    'cd "$(mktemp -d)"',
    'export LINERA_WALLET="$PWD/wallet.json" LINERA_KEYSTORE="$PWD/keystore.json" LINERA_STORAGE="rocksdb:$PWD/db"',
    `linera wallet init --faucet ${quoted(faucet)}`,
    `linera wallet follow-chain ${homeChain} --sync`,
    `linera wallet set-default ${homeChain}`,
    `linera chain show-block ${block}`,
    `linera service --port ${PORT} &`,
    `curl --retry 9 --retry-connrefused -H 'Content-Type: application/json' -d ${quoted(question)} \\`,
    `  http://localhost:${PORT}/chains/${homeChain}/applications/${application}`,
  ].join("\n");
}
