// SPDX-License-Identifier: Apache-2.0
/**
 * What the wallet's account has of its stories on its chain: tokens, what was asked of other chains for a token's sake, and
 * receipts.
 *
 * In: the chain, and what the person does with a token. Out: tokens, the newest first, and why there are none. However
 * many there are, no more are read than were asked for. What fails is shown, and leaves what was there; what the person
 * has asked for fails with the promise.
 */

import { chainError } from "../../../chain/errors";
import { listReceipts, receiptDigest, type Receipt } from "../../../chain/stories/receipts";
import { receiptOf } from "../../../chain/stories/story-receipt";
import {
  claim,
  claims,
  findMinted,
  mint,
  ownedNfts,
  transfer,
  type Account,
  type Claim,
  type Nft,
} from "../../../chain/stories/tokens";
import { sameAccount } from "../../../chain/wallet/extension";
import { toEngineError, type EngineError } from "../../../engine/errors";
import type { StoryRecord } from "../../../engine/protocol";
import type { Chain } from "../wallet/chain.svelte";

export const PAGE = 20;

export class Gallery {
  nfts = $state.raw<Nft[]>([]);
  /** What follows this token comes next; null where there is no more. */
  next = $state.raw<string | null>(null);
  /** The newest first. */
  claims = $state.raw<Claim[]>([]);
  /** The newest first. */
  receipts = $state.raw<Receipt[]>([]);
  /** The account that all this is of; null until it was read. */
  owner = $state<string | null>(null);
  problem = $state.raw<EngineError | null>(null);
  private wanted = PAGE;
  private reading: Promise<void> | null = null;
  private outdated = false;

  constructor(private readonly chain: Pick<Chain, "join" | "query">) {}

  /** Reads again what is shown. Asked for while it is at it, it reads once more, not once for each time. */
  load(): Promise<void> {
    this.outdated = true;
    return (this.reading ??= this.readUntilCurrent().finally(() => (this.reading = null)));
  }

  /** Reads more tokens than are shown. */
  more(): Promise<void> {
    this.wanted = this.nfts.length + PAGE;
    return this.load();
  }

  /** The account's token of a story; null where it has none on its chain. */
  async find(record: StoryRecord): Promise<Nft | null> {
    const { owner } = await this.chain.join();
    return findMinted(this.chain.query, owner, await receiptDigest(record));
  }

  async mint(record: StoryRecord): Promise<Nft> {
    const receipt = await receiptOf(record);
    const { owner } = await this.chain.join();
    return mint(this.chain.query, owner, receipt);
  }

  /** Gives a token to another account, here or on another chain. */
  async give({ tokenId }: Nft, target: Account): Promise<void> {
    const { chain, owner } = await this.chain.join();
    if (target.chain === chain && sameAccount(target.owner, owner)) throw chainError("own-address");
    await transfer(this.chain.query, owner, tokenId, target);
    await this.load();
  }

  /** Asks a chain for a token that the account has there. What comes of it is in `claims`. */
  async claim(tokenId: string, from: string): Promise<void> {
    const { chain, owner } = await this.chain.join();
    await claim(this.chain.query, { chain, owner }, tokenId, from);
    await this.load();
  }

  private async readUntilCurrent(): Promise<void> {
    while (this.outdated) {
      this.outdated = false;
      try {
        await this.read();
        this.problem = null;
      } catch (thrown) {
        this.problem = toEngineError(thrown, "chain-unreachable", chainError("chain-unreachable").message);
      }
    }
  }

  private async read(): Promise<void> {
    const { owner } = await this.chain.join();
    const { query } = this.chain;
    const nfts: Nft[] = [];
    let next: string | null = null;
    do {
      const page = await ownedNfts(query, owner, next, Math.min(PAGE, this.wanted - nfts.length));
      nfts.push(...page.nfts);
      next = page.next;
    } while (next !== null && nfts.length < this.wanted);
    const asked = await claims(query);
    const receipts = await listReceipts(query, owner);
    this.nfts = nfts.sort((a, b) => b.time - a.time);
    this.next = next;
    this.claims = asked;
    this.receipts = receipts.reverse();
    this.owner = owner;
  }
}
