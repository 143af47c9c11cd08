// SPDX-License-Identifier: Apache-2.0
/**
 * What the page and the wallet's frame say to each other.
 *
 * The wallet lives in a frame of its own (chain.html), so that the key and the way to other hosts are there and not in
 * the page, whose content policy lets it talk to its own site only. In: numbered requests. Out: replies with the same
 * number, the steps of a connection, word that the wallet's chain has changed, and hashes for the person's own account to
 * sign, each with the port that its signature goes to.
 */

import type { ErrorData, Json } from "../../engine/protocol";
import type { Network } from "../network";

/** What takes time on the way to an answer, in this order. */
export type ChainStep = "connect" | "claim" | "follow" | "read";

export interface WalletInfo {
  /** The wallet's own chain, claimed from the faucet. */
  chain: string;
  owner: string;
  /** Whether the page's key stays in this browser, or is forgotten when the page is left. */
  kept: boolean;
  /** Whether the owner's key is elsewhere, and the page's key only sees to the chain. */
  outside: boolean;
}

export interface Requests {
  /** Opens the wallet of an account whose key is elsewhere, else a guest's; it stays open. */
  connect: { args: { network: Network; keep: boolean; account: string | null }; result: WalletInfo };
  /** Asks the application on the wallet's chain. A block that only tends the chain has the page's own signature. */
  query: { args: { query: string; variables: { [key: string]: Json }; tend: boolean }; result: string };
  /** Keeps the key in this browser, or forgets it when the page is left. */
  keep: { args: { keep: boolean }; result: WalletInfo };
}

export type RequestKind = keyof Requests;
export type RequestMessage = {
  [K in RequestKind]: { id: number; kind: K; args: Requests[K]["args"] };
}[RequestKind];

export type ReplyMessage =
  | { id: number; kind: "result"; result: Requests[RequestKind]["result"] }
  | { id: number; kind: "error"; error: ErrorData }
  | { kind: "step"; step: ChainStep }
  /** The wallet's chain has a new block. */
  | { kind: "changed" }
  | { kind: "sign"; owner: string; value: Uint8Array; answer: MessagePort };

/** What goes back through the port of a "sign". */
export type SignatureMessage = { signature: string } | { error: ErrorData };

/** What hands the frame its port. */
export const HELLO = "taleproof-wallet";
