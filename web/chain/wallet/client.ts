// SPDX-License-Identifier: Apache-2.0
/**
 * The chain's client: the one file that knows @linera/client, whose 18 MB are fetched when a wallet is first opened.
 *
 * In: the network, the page's key, and the account of the person where that is elsewhere. Out: the chain of the account, or
 * of the page's key, claimed from the faucet (the same one for the same owner), kept in step with the network, and a way to
 * ask the application there. It checks the validators' signatures itself.
 */

import { chainError } from "../errors";
import type { Network } from "../network";
import type { Ask } from "../registry/answer";
import { chainFailure } from "./causes";
import type { ChainStep } from "./protocol";
import { Signers, type Account } from "./signers";

export interface Ledger {
  chain: string;
  owner: string;
  /** Held on to: what the collector takes is shut down. */
  held: object[];
  /** Asks the application; what makes a block does so in the owner's name. */
  query: Ask;
  /** The same in the name of the page's key, which asks nobody. */
  tend: Ask;
}

type Linera = typeof import("@linera/client");
type Chain = import("@linera/client").Chain;
/** A block announces all events that there are; the application copies of them what fits. The client's own rule is 10. */
const ALL_EVENTS = 1_000_000;
/** One message a block, for the reason that scripts/lib/chain/service.mjs gives. */
const OPTIONS = { maxNewEventsPerBlock: ALL_EVENTS, maxPendingMessageBundles: 1 };
/** As much as the account has: either may make the next block. */
const WEIGHT = 100;
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
  signers: Signers | null = null,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const refusal = signers?.takeRefusal();
    if (refusal) throw refusal;
    throw chainFailure(code, cause);
  }
}

/** Lets the page's key see to the chain of an account; it asks the account for one signature, unless the key is in already. */
async function admit(account: Chain, page: Chain, key: string): Promise<void> {
  const known = await page.identity().then(
    () => true,
    () => false,
  );
  if (!known) await account.addOwner(key, { weight: WEIGHT });
}

/**
 * @param key the page's, 32 bytes in hexadecimal.
 * @param account the person's, where it is elsewhere; without one, the page's key owns the chain.
 * @param changed told whenever the wallet's chain has a new block.
 */
export async function openLedger(
  network: Network,
  key: string,
  account: Account | null,
  step: (step: ChainStep) => void,
  changed: () => void,
): Promise<Ledger> {
  step("connect");
  loading ??= load();
  const linera = await loading.catch((thrown: unknown) => {
    loading = null; // the next attempt fetches it anew
    throw thrown;
  });
  const page = new linera.signer.PrivateKey(key);
  const signers = new Signers(page, account);
  const { owner } = signers;
  const faucet = new linera.Faucet(network.faucet);
  const wallet = await attempt("faucet-unreachable", () => faucet.createWallet());
  step("claim");
  const chain = await attempt("faucet-unreachable", () => faucet.claimChain(wallet, owner));
  const open = async (): Promise<Ledger> => {
    await wallet.setOwner(chain, page.address()); // who signs for what comes by itself
    // Its constructor gives a promise, of which its types do not tell.
    // eslint-disable-next-line @typescript-eslint/await-thenable
    const client = await new linera.Client(wallet, signers, OPTIONS);
    const tended = await client.chain(chain);
    const own = account ? await client.chain(chain, { owner }) : tended;
    await client.start();
    if (account) await admit(own, tended, page.address());
    tended.onNotification(changed);
    const asking = async (from: Chain): Promise<Ask> => {
      const application = await from.application(network.application);
      return (query, variables) =>
        attempt("chain-unreachable", () => application.query(JSON.stringify({ query, variables })), signers);
    };
    const held = [client, own, tended, wallet];
    return { chain, owner, held, query: await asking(own), tend: await asking(tended) };
  };
  return attempt("chain-unreachable", open, signers);
}
