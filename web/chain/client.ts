/**
 * The chain's client: the one file that knows @linera/client, whose 18 MB are fetched when a wallet is first opened.
 *
 * In: the network, and the wallet's key. Out: the wallet's chain, claimed from the faucet (the same one for the same key),
 * kept in step with the network, and a way to ask the application there. It checks the validators' signatures itself.
 */

import type { Json } from "../engine/protocol";
import { chainFailure } from "./causes";
import { chainError } from "./errors";
import type { Network } from "./network";
import type { ChainStep } from "./protocol";

export interface Ledger {
  chain: string;
  owner: string;
  /** Held on to: what the collector takes is shut down. */
  held: object[];
  query(query: string, variables: { [key: string]: Json }): Promise<string>;
}

type Linera = typeof import("@linera/client");
let loading: Promise<Linera> | null = null;

async function load(): Promise<Linera> {
  if (!globalThis.crossOriginIsolated) throw chainError("chain-unsupported");
  try {
    const linera = await import("@linera/client");
    await linera.initialize({ log: "warn" });
    return linera;
  } catch (cause) {
    throw chainError("chain-client-failed", "", cause);
  }
}

/** The work's result; what goes wrong with it under a code of its own. */
async function attempt<T>(
  code: "faucet-unreachable" | "chain-unreachable",
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw chainFailure(code, cause);
  }
}

/**
 * @param key 32 bytes in hexadecimal.
 * @param changed told whenever the wallet's chain has a new block.
 */
export async function openLedger(
  network: Network,
  key: string,
  step: (step: ChainStep) => void,
  changed: () => void,
): Promise<Ledger> {
  step("connect");
  loading ??= load();
  const linera = await loading.catch((thrown: unknown) => {
    loading = null; // the next attempt fetches it anew
    throw thrown;
  });
  const signer = new linera.signer.PrivateKey(key);
  const owner = signer.address();
  const faucet = new linera.Faucet(network.faucet);
  const wallet = await attempt("faucet-unreachable", () => faucet.createWallet());
  step("claim");
  const chain = await attempt("faucet-unreachable", () => faucet.claimChain(wallet, owner));
  return attempt("chain-unreachable", async () => {
    const client = await new linera.Client(wallet, signer, null);
    const own = await client.chain(chain);
    own.onNotification(changed);
    await client.start();
    const application = await own.application(network.application);
    return {
      chain,
      owner,
      held: [client, own, wallet],
      query: (query, variables) =>
        attempt("chain-unreachable", () => application.query(JSON.stringify({ query, variables }))),
    };
  });
}
