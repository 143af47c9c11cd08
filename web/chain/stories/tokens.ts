// SPDX-License-Identifier: Apache-2.0
/**
 * Tokens of stories on the wallet's chain: minted, listed, given away, claimed.
 *
 * In: a way to ask the application there, and the account that signs. Out: tokens with their receipts, and what became of
 * the claims that went to other chains. Refused as in registry.ts: errors of GraphQL, and anything of another shape.
 */

import * as v from "valibot";
import type { Json } from "../../engine/protocol";
import { anything, count, digest, object, oneOf, read, text } from "../../shared/json";
import { chainError } from "../errors";
import { act, dataOf, nextOf, page, wrong, type Ask } from "../registry/answer";
import { StoryReceipt } from "./story-receipt";

/** An owner, and the chain on which something of theirs is. */
export interface Account {
  chain: string;
  owner: string;
}

const Nft = v.pipe(
  object({
    tokenId: digest,
    owner: text,
    minter: text,
    receipt: StoryReceipt,
    /** The chain that it was minted on. */
    mintedOn: digest,
    minted: object({ height: count(0), timestamp: count(0) }),
  }),
  /** The block of that chain, and when that was, in milliseconds since 1970. */
  v.transform(({ minted, ...nft }) => ({ ...nft, block: minted.height, time: minted.timestamp / 1000 })),
);
export type Nft = v.InferOutput<typeof Nft>;

export interface NftPage {
  nfts: Nft[];
  /** What follows this token comes next; null at the end. */
  next: string | null;
}

const STATUS = { PENDING: "pending", ACCEPTED: "accepted", REFUSED: "refused" } as const;

/** What this chain asked of another for a token's sake. */
const Claim = v.pipe(
  object({
    number: count(),
    tokenId: digest,
    to: digest,
    status: oneOf("PENDING", "ACCEPTED", "REFUSED"),
    /** Why it was refused. */
    reason: v.nullable(text),
  }),
  v.transform(({ to, status, ...claim }) => ({ ...claim, from: to, status: STATUS[status] })),
);
export type Claim = v.InferOutput<typeof Claim>;

/** Other things are asked of other chains too: which request it is has to be seen first. */
const Requests = object({ requests: page(anything, count()) });
const Owned = object({ ownedNfts: page(Nft, digest) });

const NFT = `tokenId owner minter mintedOn minted { height timestamp } receipt {
  story model tokenizer numerics kernels prompt promptTokens mode date
  sampler { seed temperature topP topK minP repeatPenalty repeatLastN }
  limits { maxTokens stop context } tokenCount tokens
}`;
const OWNED = `query($owner: AccountOwner!, $after: Digest, $first: Int) {
  ownedNfts(owner: $owner, after: $after, first: $first) { items { ${NFT} } next }
}`;
const REQUESTS = `query($after: Int) {
  requests(after: $after, first: 100) { items { number kind tokenId to status reason } next }
}`;
const MINT = `mutation($minter: AccountOwner!, $receipt: StoryReceiptInput!) {
  mint(minter: $minter, receipt: $receipt)
}`;
const TRANSFER = `mutation($owner: AccountOwner!, $tokenId: Digest!, $target: Account!) {
  transfer(sourceOwner: $owner, tokenId: $tokenId, targetAccount: $target)
}`;
const CLAIM = `mutation($source: Account!, $tokenId: Digest!, $target: Account!) {
  claim(sourceAccount: $source, tokenId: $tokenId, targetAccount: $target)
}`;

/** An address as people pass it on. */
export function writeAddress({ chain, owner }: Account): string {
  return `${chain}:${owner}`;
}

/** An address as somebody pasted it; null where it is none. */
export function readAddress(typed: string): Account | null {
  const match = /^([0-9a-f]{64}):(0x(?:[0-9a-f]{40}|[0-9a-f]{64}))$/.exec(
    typed.replace(/\s/g, "").toLowerCase(),
  );
  return match?.[1] && match[2] ? { chain: match[1], owner: match[2] } : null;
}

/** A chain's or a token's id as somebody pasted it; null where it is none. */
export function readId(typed: string): string | null {
  const id = typed.replace(/\s/g, "").toLowerCase();
  return /^[0-9a-f]{64}$/.test(id) ? id : null;
}

const asInput = ({ chain, owner }: Account): Json => ({ chain_id: chain, owner });

/** Some of an account's tokens on this chain, by their ids. */
export async function ownedNfts(
  ask: Ask,
  owner: string,
  after: string | null,
  first: number,
): Promise<NftPage> {
  const { items, next } = dataOf(await ask(OWNED, { owner, after, first }), Owned).ownedNfts;
  return { nfts: items, next };
}

/** The account's token with this story's receipt; null where there is none on this chain, or not any more. */
export async function findMinted(ask: Ask, owner: string, story: string): Promise<Nft | null> {
  let after: string | null = null;
  do {
    const page: NftPage = await ownedNfts(ask, owner, after, 100);
    const found = page.nfts.find(({ receipt }) => receipt.story === story);
    if (found) return found;
    after = page.next;
  } while (after !== null);
  return null;
}

/** Mints a token of a story; refused where one was minted on this chain before. */
export async function mint(ask: Ask, minter: string, receipt: StoryReceipt): Promise<Nft> {
  await act(ask, MINT, { minter, receipt });
  const minted = await findMinted(ask, minter, receipt.story);
  if (!minted)
    throw chainError("chain-unreachable", "The story is minted, but the chain does not show it yet.");
  return minted;
}

/** Gives a token of the owner's that is on this chain to another account. */
export async function transfer(ask: Ask, owner: string, tokenId: string, target: Account): Promise<void> {
  await act(ask, TRANSFER, { owner, tokenId, target: asInput(target) });
}

/** Asks another chain for a token that the owner has there. What becomes of it is in `claims`. */
export async function claim(ask: Ask, to: Account, tokenId: string, from: string): Promise<void> {
  const source = asInput({ chain: from, owner: to.owner });
  await act(ask, CLAIM, { source, tokenId, target: asInput(to) });
}

/** The claims that this chain sent to others, the newest first. */
export async function claims(ask: Ask): Promise<Claim[]> {
  const found: Claim[] = [];
  let after: number | null = null;
  do {
    const { items, next } = dataOf(await ask(REQUESTS, { after }), Requests).requests;
    for (const item of items.filter(({ kind }) => kind === "CLAIM")) {
      found.push(read(Claim, item, "a claim", wrong));
    }
    after = nextOf(next, after, "requests");
  } while (after !== null);
  return found.reverse();
}
