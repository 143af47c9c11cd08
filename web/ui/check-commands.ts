/** The command lines that check a tick without this page. In: the network, and a model's name. Out: text for a shell. */

import type { Network } from "../chain/network";

/** Between quotes, for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export function verifyCommand(): string {
  return "python -m taleproof verify MODEL --registry answer.json";
}

/** A new wallet of one's own follows the home chain, and its service is asked there. */
export function chainCommands(network: Network, model: string): string {
  const { faucet, homeChain, application } = network;
  const query =
    "query($name: String!) { model(name: $name) { latest { number publisher published { height } " +
    "revoked { reason } release { files { name sha256 sha3_256 } } } } }";
  return [
    `linera wallet init --faucet ${quoted(faucet)}`,
    `linera wallet follow-chain ${homeChain} --sync`,
    "linera service --port 8080 &",
    `curl -H 'Content-Type: application/json' -d ${quoted(JSON.stringify({ query, variables: { name: model } }))} \\`,
    `  http://localhost:8080/chains/${homeChain}/applications/${application}`,
  ].join("\n");
}
