// SPDX-License-Identifier: Apache-2.0
/**
 * Tokens of stories on the wallet's chain: minted, listed, given away, claimed.
 *
 * In: a way to ask the application there, and the account that signs. Out: tokens with their receipts, and what became of
 * the claims that went to other chains. Refused as in registry.ts: errors of GraphQL, and anything of another shape.
 */

import type { Json } from "../../engine/protocol";
import { Shape } from "../../shared/shape";
import { chainError } from "../errors";
import { act, dataOf, type Ask } from "../registry/registry";
import { readStoryReceipt, type StoryReceipt } from "./story-receipt";

/** An owner, and the chain on which something of theirs is. */
export interface Account {
  chain: string;
  owner: string;
}

export interface Nft {
  tokenId: string;
  owner: string;
  minter: string;
  receipt: StoryReceipt;
  /** The chain that it was minted on, the block of it, and when that was, in milliseconds since 1970. */
  mintedOn: string;
  block: number;
  time: number;
}

export interface NftPage {
  nfts: Nft[];
  /** What follows this token comes next; null at the end. */
  next: string | null;
}

/** What this chain asked of another for a token's sake. */
export interface Claim {
  number: number;
  tokenId: string;
  from: string;
  status: "pending" | "accepted" | "refused";
  /** Why it was refused. */
  reason: string | null;
}

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

const STATUS: { [status: string]: Claim["status"] } = {
  PENDING: "pending",
  ACCEPTED: "accepted",
  REFUSED: "refused",
};

const wrong = (where: string, what: string): Error => chainError("registry-invalid", `${where} ${what}.`);
const shape = new Shape(wrong);

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
  const page = shape.fields(dataOf(await ask(OWNED, { owner, after, first })).ownedNfts, "its tokens");
  const nfts = shape.list(page, "items", "its tokens").map((item, i) => readNft(item, `token ${i + 1}`));
  return { nfts, next: page.next === null ? null : shape.digest(page, "next", "its tokens") };
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
    const page = shape.fields(dataOf(await ask(REQUESTS, { after })).requests, "its requests");
    for (const item of shape.list(page, "items", "its requests")) {
      const request = shape.fields(item, "a request");
      if (request.kind === "CLAIM") found.push(readClaim(request));
    }
    after = page.next === null ? null : shape.count(page, "next", "its requests", (after ?? 0) + 1);
  } while (after !== null);
  return found.reverse();
}

function readClaim(from: { [key: string]: Json }): Claim {
  const where = "a claim";
  const status = STATUS[shape.text(from, "status", where)];
  if (!status) throw wrong(where, "has a status that is unknown");
  return {
    number: shape.count(from, "number", where),
    tokenId: shape.digest(from, "tokenId", where),
    from: shape.digest(from, "to", where),
    status,
    reason: from.reason === null ? null : shape.text(from, "reason", where),
  };
}

function readNft(value: Json | undefined, where: string): Nft {
  const from = shape.fields(value, where);
  const minted = shape.fields(from.minted, `${where}, minted`);
  return {
    tokenId: shape.digest(from, "tokenId", where),
    owner: shape.text(from, "owner", where),
    minter: shape.text(from, "minter", where),
    receipt: readStoryReceipt(from.receipt, `${where}, receipt`),
    mintedOn: shape.digest(from, "mintedOn", where),
    block: shape.count(minted, "height", `${where}, minted`, 0),
    time: shape.count(minted, "timestamp", `${where}, minted`, 0) / 1000,
  };
}
