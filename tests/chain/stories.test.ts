// SPDX-License-Identifier: Apache-2.0
/** Receipts of stories, and their tokens, across chains. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { Chain } from "./chains";

const MINT =
  "mutation($minter: AccountOwner!, $receipt: StoryReceiptInput!) { mint(minter: $minter, receipt: $receipt) }";
const TRANSFER =
  "mutation($from: AccountOwner!, $token: Digest!, $to: Account!) { transfer(sourceOwner: $from, tokenId: $token, targetAccount: $to) }";
const CLAIM =
  "mutation($from: Account!, $token: Digest!, $to: Account!) { claim(sourceAccount: $from, tokenId: $token, targetAccount: $to) }";
const NFT =
  "query($token: Digest!) { nft(tokenId: $token) { tokenId owner minter mintedOn receipt { prompt sampler { seed temperature } tokens } } }";
const OWNED =
  "query($owner: AccountOwner!) { ownedNfts(owner: $owner, first: 100) { items { tokenId receipt { story } } } }";

interface NftAnswer {
  nft: { owner: string; minter: string; mintedOn: string } | null;
}
interface OwnedAnswer {
  ownedNfts: { items: { tokenId: string; receipt: { story: string } }[] };
}

/** What a story was written from; `number` makes it another story. */
function receipt(number: number) {
  return {
    story: number.toString(16).padStart(64, "0"),
    model: "d".repeat(64),
    tokenizer: null,
    numerics: 1,
    kernels: "e".repeat(64),
    prompt: "Once upon a time",
    promptTokens: "c".repeat(64),
    mode: "RAW",
    date: null,
    sampler: {
      seed: "18446744073709551615",
      temperature: "0.8",
      topP: "0.95",
      topK: null,
      minP: null,
      repeatPenalty: "1.1",
      repeatLastN: 64,
    },
    limits: { maxTokens: 256, stop: ["The end"], context: 512 },
    tokenCount: 200,
    tokens: "f".repeat(64),
  };
}

describe.skipIf(!inject("network"))("stories", () => {
  let alice: Chain;
  let bob: Chain;
  let stories = 0;

  beforeAll(async () => {
    [alice, bob] = await Promise.all([Chain.open("alice-of-stories"), Chain.open("bob-of-stories")]);
  });
  afterAll(() => Promise.all([alice?.close(), bob?.close()]));

  it("are recorded on their author's own chain, once", async () => {
    const RECORD =
      "mutation($model: Digest!, $receipt: Digest!, $by: AccountOwner) { recordStory(model: $model, receipt: $receipt, by: $by) }";
    const LIST =
      "query($owner: AccountOwner!) { stories(owner: $owner) { items { number owner model receipt recorded { timestamp } } } }";
    const story = { model: "1".repeat(64), receipt: "2".repeat(64) };
    await alice.ask(RECORD, story);
    await alice.ask(RECORD, { ...story, receipt: "3".repeat(64) });
    await expect(alice.ask(RECORD, { ...story, by: alice.owner })).rejects.toMatchObject({
      code: "already-recorded",
    });
    const { stories } = await alice.ask<{ stories: { items: { recorded: { timestamp: number } }[] } }>(LIST, {
      owner: alice.owner,
    });
    expect(stories.items).toMatchObject([
      { number: 1, owner: alice.owner, ...story },
      { number: 2, owner: alice.owner, model: story.model, receipt: "3".repeat(64) },
    ]);
    // Microseconds of the chain's clock, which is this machine's.
    expect(Math.abs(stories.items[0]!.recorded.timestamp / 1000 - Date.now())).toBeLessThan(600_000);
    expect(await bob.ask(LIST, { owner: alice.owner })).toEqual({ stories: { items: [] } });
  });

  describe("as tokens", () => {
    let token: string;

    /** Waits until the token is on this chain with this owner. */
    const arrives = (chain: Chain, owner: string) =>
      chain.until<NftAnswer>(NFT, { token }, ({ nft }) => nft?.owner === owner);
    const height = async (chain: Chain) =>
      (await chain.ask<{ registry: { nextHeight: number } }>("{ registry { nextHeight } }")).registry
        .nextHeight;
    const isGone = async (chain: Chain) => expect(await chain.ask(NFT, { token })).toEqual({ nft: null });

    beforeEach(async () => {
      const made = receipt(++stories);
      await alice.ask(MINT, { minter: alice.owner, receipt: made });
      const { ownedNfts } = await alice.ask<OwnedAnswer>(OWNED, { owner: alice.owner });
      token = ownedNfts.items.find((nft) => nft.receipt.story === made.story)!.tokenId;
    });

    it("hold the receipt, and are minted once", async () => {
      expect(token).toMatch(/^[0-9a-f]{64}$/);
      const { prompt, tokens, sampler } = receipt(stories);
      expect((await alice.ask<NftAnswer>(NFT, { token })).nft).toEqual({
        tokenId: token,
        owner: alice.owner,
        minter: alice.owner,
        mintedOn: alice.id,
        receipt: { prompt, tokens, sampler: { seed: sampler.seed, temperature: sampler.temperature } },
      });
      await expect(alice.ask(MINT, { minter: alice.owner, receipt: receipt(stories) })).rejects.toMatchObject(
        {
          code: "already-minted",
        },
      );
    });

    it("go to another chain whole", async () => {
      await alice.ask(TRANSFER, { from: alice.owner, token, to: bob.account });
      const { nft } = await arrives(bob, bob.owner);
      expect(nft).toMatchObject({
        minter: alice.owner,
        mintedOn: alice.id,
        receipt: { prompt: "Once upon a time", sampler: { seed: "18446744073709551615" } },
      });
      await isGone(alice);
    });

    it("are claimed back by their owner from the chain where they are", async () => {
      await alice.ask(TRANSFER, { from: alice.owner, token, to: { ...bob.account, owner: alice.owner } });
      await arrives(bob, alice.owner);
      await alice.ask(CLAIM, { from: { ...bob.account, owner: alice.owner }, token, to: alice.account });
      await arrives(alice, alice.owner);
      await isGone(bob);
    });

    it("are given to nobody who is not their owner", async () => {
      await expect(bob.ask(TRANSFER, { from: alice.owner, token, to: bob.account })).rejects.toThrow();
      await bob.ask(CLAIM, { from: { ...alice.account, owner: bob.owner }, token, to: bob.account });
      const { requests } = await bob.until<{
        requests: { items: { tokenId: string; status: string; reason: string }[] };
      }>(
        "{ requests(first: 100) { items { kind tokenId status reason } } }",
        {},
        ({ requests }) => requests.items.at(-1)?.status === "REFUSED",
      );
      expect(requests.items.at(-1)).toMatchObject({ kind: "CLAIM", tokenId: token });
      expect(requests.items.at(-1)!.reason).toMatch(/\[not-token-owner\]$/);
      await arrives(alice, alice.owner);
    });

    it("come back to their owner when the other chain turns them away", async () => {
      const hermit = await Chain.open("hermit", ["--blanket-message-policy", "reject"]);
      try {
        const before = await height(alice);
        await alice.ask(TRANSFER, { from: alice.owner, token, to: hermit.account });
        await arrives(alice, alice.owner);
        // One block sent it, another took it back.
        expect(await height(alice)).toBeGreaterThanOrEqual(before + 2);
        await isGone(hermit);
      } finally {
        await hermit.close();
      }
    });
  });
});
