// SPDX-License-Identifier: Apache-2.0
/** The gallery's store: what the account has on its chain, read again when there is news, however often that is. */
import { describe, expect, it } from "vitest";
import type { Json } from "../../web/engine/protocol";
import { Gallery, PAGE } from "../../web/app/features/tokens/gallery.svelte";
import { PUBLISHER } from "./chain/played";
import { nft, RECEIPT, RECORD } from "./chain/told";

type Fields = { [key: string]: Json };

const HERE = "d".repeat(64);
const OTHER = "e".repeat(64);

/** A wallet's chain with these tokens; `down` is what asking it throws. */
class PlayedChain {
  tokens: Fields[] = [];
  down: Error | null = null;
  readonly asked: { query: string; variables: Fields }[] = [];

  join = async () => ({ chain: HERE, owner: PUBLISHER, kept: false, outside: false });

  query = async (query: string, variables: Fields): Promise<string> => {
    if (this.down) throw this.down;
    this.asked.push({ query, variables });
    if (query.startsWith("mutation")) return '{"data":{"done":true}}';
    if (query.includes("ownedNfts")) return this.page(variables);
    const key = query.includes("requests(") ? "requests" : "stories";
    return JSON.stringify({ data: { [key]: { items: [], next: null } } });
  };

  count(part: string): number {
    return this.asked.filter(({ query }) => query.includes(part)).length;
  }

  private page({ after, first }: Fields): string {
    const start = after === null ? 0 : this.tokens.findIndex(({ tokenId }) => tokenId === after) + 1;
    const items = this.tokens.slice(start, start + Number(first));
    const next = start + items.length < this.tokens.length ? items.at(-1)!.tokenId : null;
    return JSON.stringify({ data: { ownedNfts: { items, next } } });
  }
}

function many(count: number): Fields[] {
  return Array.from({ length: count }, (_one, i) => {
    const tokenId = i.toString(16).padStart(64, "0");
    return nft("1", { tokenId, minted: { height: i, timestamp: (i % 7) * 1000 } });
  });
}

describe("the gallery", () => {
  it("shows so many tokens, the newest first, and more when asked; not all of them", async () => {
    const chain = new PlayedChain();
    chain.tokens = many(PAGE * 2 + 5);
    const gallery = new Gallery(chain);
    await gallery.load();
    expect([gallery.nfts.length, gallery.next !== null, gallery.owner]).toEqual([PAGE, true, PUBLISHER]);
    const times = gallery.nfts.map(({ time }) => time);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    await gallery.more();
    expect([gallery.nfts.length, gallery.next !== null]).toEqual([PAGE * 2, true]);
    await gallery.more();
    expect([gallery.nfts.length, gallery.next]).toEqual([PAGE * 2 + 5, null]);
  });

  it("reads once more for any amount of news that comes while it reads", async () => {
    const chain = new PlayedChain();
    const gallery = new Gallery(chain);
    await Promise.all([gallery.load(), gallery.load(), gallery.load()]);
    expect(chain.count("ownedNfts")).toBeLessThanOrEqual(2);
    chain.tokens = [nft("1")];
    await gallery.load();
    expect(gallery.nfts.map(({ tokenId }) => tokenId)).toEqual(["1".repeat(64)]);
  });

  it("keeps what it shows when the chain is gone, and says that it is", async () => {
    const chain = new PlayedChain();
    chain.tokens = [nft("1")];
    const gallery = new Gallery(chain);
    await gallery.load();
    chain.down = new Error("no network");
    await gallery.load();
    expect([gallery.nfts.length, gallery.problem?.code]).toEqual([1, "chain-unreachable"]);
    chain.down = null;
    await gallery.load();
    expect(gallery.problem).toBeNull();
  });

  it("mints a story's receipt in the account's name, and finds it again", async () => {
    const chain = new PlayedChain();
    const gallery = new Gallery(chain);
    expect(await gallery.find(RECORD)).toBeNull();
    chain.tokens = [nft("1")];
    expect((await gallery.mint(RECORD)).tokenId).toBe("1".repeat(64));
    const { variables } = chain.asked.find(({ query }) => query.startsWith("mutation"))!;
    expect(variables).toEqual({ minter: PUBLISHER, receipt: RECEIPT });
    expect((await gallery.find(RECORD))?.receipt.story).toBe(RECEIPT.story);
    await expect(gallery.mint({ tokens: [1] })).rejects.toMatchObject({ code: "record-invalid" });
  });

  it("gives a token to whoever is not its owner already, and claims one from another chain", async () => {
    const chain = new PlayedChain();
    chain.tokens = [nft("1")];
    const gallery = new Gallery(chain);
    await gallery.load();
    const [token] = gallery.nfts;
    const self = { chain: HERE, owner: PUBLISHER.toUpperCase().replace("0X", "0x") };
    await expect(gallery.give(token!, self)).rejects.toMatchObject({ code: "own-address" });
    await gallery.give(token!, { chain: OTHER, owner: PUBLISHER });
    await gallery.claim("2".repeat(64), OTHER);
    const sent = chain.asked.filter(({ query }) => query.startsWith("mutation"));
    expect(sent.map(({ variables }) => variables)).toEqual([
      { owner: PUBLISHER, tokenId: "1".repeat(64), target: { chain_id: OTHER, owner: PUBLISHER } },
      {
        source: { chain_id: OTHER, owner: PUBLISHER },
        tokenId: "2".repeat(64),
        target: { chain_id: HERE, owner: PUBLISHER },
      },
    ]);
  });
});
