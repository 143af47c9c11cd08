// SPDX-License-Identifier: Apache-2.0
/** Tokens on the wallet's chain: what is asked, what of the answers is believed, and the addresses that people paste. */
import { describe, expect, it } from "vitest";
import {
  claim,
  claims,
  findMinted,
  mint,
  ownedNfts,
  readAddress,
  readId,
  transfer,
  writeAddress,
} from "../../../web/chain/stories/tokens";
import type { Json } from "../../../web/engine/protocol";
import { PUBLISHER, undeclared } from "./played";
import { nft, RECEIPT } from "./told";

type Fields = { [key: string]: Json };

const CHAIN = "d".repeat(64);
const OTHER = "e".repeat(64);

/** A chain that gives these answers, one after the other. */
function played(...answers: Fields[]) {
  const asked: Fields[] = [];
  const ask = async (query: string, variables: Fields): Promise<string> => {
    expect(undeclared(query, variables)).toEqual([]);
    asked.push(variables);
    return JSON.stringify(answers.shift() ?? { data: true });
  };
  return { ask, asked };
}

const owned = (items: Json[], next: string | null = null): Fields => ({
  data: { ownedNfts: { items, next } },
});
const refusal = (message: string, code: string): Fields => ({ errors: [{ message, extensions: { code } }] });

describe("tokens", () => {
  it("are read with their receipts, a page at a time", async () => {
    const { ask, asked } = played(owned([nft("1")], "1".repeat(64)));
    const page = await ownedNfts(ask, PUBLISHER, null, 20);
    expect(asked).toEqual([{ owner: PUBLISHER, after: null, first: 20 }]);
    expect(page).toEqual({
      nfts: [
        {
          tokenId: "1".repeat(64),
          owner: PUBLISHER,
          minter: PUBLISHER,
          receipt: RECEIPT,
          mintedOn: "c".repeat(64),
          block: 7,
          time: 1_700_000_000_000,
        },
      ],
      next: "1".repeat(64),
    });
  });

  it("are found by their story on any page, or not at all", async () => {
    const other = { ...RECEIPT, story: "9".repeat(64) };
    const pages = [owned([nft("1", { receipt: other })], "1".repeat(64)), owned([nft("2")])];
    expect((await findMinted(played(...pages).ask, PUBLISHER, RECEIPT.story))?.tokenId).toBe("2".repeat(64));
    expect(await findMinted(played(...pages).ask, PUBLISHER, "8".repeat(64))).toBeNull();
  });

  it.each([
    ["no list", { data: { ownedNfts: { items: {}, next: null } } }],
    ["a page that ends nowhere", { data: { ownedNfts: { items: [] } } }],
    ["a token without an id", owned([nft("1", { tokenId: null })])],
    ["an id that is none", owned([nft("1", { tokenId: "1" })])],
    ["no owner", owned([nft("1", { owner: "" })])],
    ["no block", owned([nft("1", { minted: null })])],
    ["a time that is none", owned([nft("1", { minted: { height: 7, timestamp: "now" } })])],
    ["no receipt", owned([nft("1", { receipt: null })])],
    ["no data", {}],
  ])("are refused with %s", async (_what, answer) => {
    await expect(ownedNfts(played(answer).ask, PUBLISHER, null, 20)).rejects.toMatchObject({
      code: "registry-invalid",
    });
  });

  it("are minted of a receipt, and then shown", async () => {
    const { ask, asked } = played({ data: { mint: true } }, owned([nft("1")]));
    expect((await mint(ask, PUBLISHER, RECEIPT)).tokenId).toBe("1".repeat(64));
    expect(asked[0]).toEqual({ minter: PUBLISHER, receipt: RECEIPT });
  });

  it("are not minted twice, and the application says so", async () => {
    const { ask } = played(refusal("The story was minted on this chain already.", "already-minted"));
    await expect(mint(ask, PUBLISHER, RECEIPT)).rejects.toMatchObject({
      code: "chain-refused",
      message: expect.stringContaining("minted on this chain already"),
      details: { cause: "already-minted" },
    });
  });

  it("are given to an account on a chain", async () => {
    const { ask, asked } = played();
    await transfer(ask, PUBLISHER, "1".repeat(64), { chain: OTHER, owner: "0x12" });
    expect(asked).toEqual([
      { owner: PUBLISHER, tokenId: "1".repeat(64), target: { chain_id: OTHER, owner: "0x12" } },
    ]);
  });
});

describe("claims", () => {
  const request = (number: number, change: Fields = {}): Fields => ({
    number,
    kind: "CLAIM",
    tokenId: "1".repeat(64),
    to: OTHER,
    status: "PENDING",
    reason: null,
    ...change,
  });
  const requests = (items: Json[], next: number | null = null): Fields => ({
    data: { requests: { items, next } },
  });

  it("ask the other chain for what the same account has there", async () => {
    const { ask, asked } = played();
    await claim(ask, { chain: CHAIN, owner: PUBLISHER }, "1".repeat(64), OTHER);
    expect(asked).toEqual([
      {
        source: { chain_id: OTHER, owner: PUBLISHER },
        tokenId: "1".repeat(64),
        target: { chain_id: CHAIN, owner: PUBLISHER },
      },
    ]);
  });

  it("are told the newest first, from all pages, without what was asked of the registry", async () => {
    const published = request(2, { kind: "PUBLISH", tokenId: null });
    const refused = request(3, { status: "REFUSED", reason: "It is another's." });
    const { ask, asked } = played(requests([request(1), published], 2), requests([refused]));
    expect(await claims(ask)).toEqual([
      { number: 3, tokenId: "1".repeat(64), from: OTHER, status: "refused", reason: "It is another's." },
      { number: 1, tokenId: "1".repeat(64), from: OTHER, status: "pending", reason: null },
    ]);
    expect(asked).toEqual([{ after: null }, { after: 2 }]);
  });

  it.each([
    ["a status that is unknown", requests([request(1, { status: "LOST" })])],
    ["no token", requests([request(1, { tokenId: null })])],
    ["pages that lead nowhere", requests([request(1)], 0)],
    ["no list", { data: { requests: null } }],
  ])("are refused with %s", async (_what, answer) => {
    await expect(claims(played(answer).ask)).rejects.toMatchObject({ code: "registry-invalid" });
  });
});

describe("an address", () => {
  it.each([`0x${"a".repeat(40)}`, `0x${"1".repeat(64)}`])(
    "of the account %s is read as it is written",
    (owner) => {
      expect(readAddress(writeAddress({ chain: CHAIN, owner }))).toEqual({ chain: CHAIN, owner });
    },
  );

  it("may come with line breaks and in capitals", () => {
    const owner = `0x${"aB".repeat(20)}`;
    expect(readAddress(` ${CHAIN.toUpperCase()}:\n  ${owner} `)).toEqual({
      chain: CHAIN,
      owner: owner.toLowerCase(),
    });
    expect(readId(` ${CHAIN.toUpperCase()}\n`)).toBe(CHAIN);
  });

  it.each([
    "",
    CHAIN,
    `0x${"a".repeat(40)}`,
    `${CHAIN}:0x00`,
    `${CHAIN}:${"a".repeat(40)}`,
    `${CHAIN}0:0x${"a".repeat(40)}`,
  ])("is not %j", (typed) => {
    expect(readAddress(typed)).toBeNull();
  });

  it.each(["", "abc", `${CHAIN}0`, `0x${CHAIN}`])("and no id is %j", (typed) => {
    expect(readId(typed)).toBeNull();
  });
});
