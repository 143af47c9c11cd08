// SPDX-License-Identifier: Apache-2.0
/** Receipts: the same digest as Python's, put on chain once. */
import { describe, expect, it } from "vitest";
import { canonicalJson, findReceipt, putReceipt, receiptDigest } from "../../../web/chain/stories/receipts";
import type { Json } from "../../../web/engine/protocol";
import { PUBLISHER, undeclared, WEIGHTS } from "./played";

const DIGEST = "5".repeat(64);

describe("canonicalJson", () => {
  it("sorts keys by UTF-16 code units, and writes numbers as ECMAScript does", () => {
    const value = {
      "\u{1f600}": 1,
      "\ufb33": 2,
      b: [1.0, -0, 1e21, 0.000001, 1e-7],
      a: { d: null, c: true },
    };
    expect(canonicalJson(value)).toBe(
      '{"a":{"c":true,"d":null},"b":[1,0,1e+21,0.000001,1e-7],"\u{1f600}":1,"\ufb33":2}',
    );
  });

  it.each([
    ["half of a character", "\ud83e"],
    ["no number", NaN],
    ["no end", Infinity],
  ])("refuses %s", (_what, value) => {
    for (const made of [value, [value], { a: value }, ...(typeof value === "string" ? [{ [value]: 1 }] : [])])
      expect(() => canonicalJson(made)).toThrow(expect.objectContaining({ code: "record-invalid" }));
  });

  it("has the digest that record/record.py gives", async () => {
    const value: Json = {
      z: [1, -0, 0.1, 1e21, 1e-7, 123456789012345680000, null, true],
      é: '\u2028\x07"\\/€',
      "\u{1f600}": "x",
      "\ufb33": { b: [], a: {} },
      "": "",
    };
    expect(await receiptDigest(value)).toBe(
      "07a29bbd20d02c295b3c14cd5a8696590df103503bed89ab3787e477e5d7d404",
    );
  });
});

describe("on the wallet's chain", () => {
  const played = (pages: { receipts: string[]; next: number | null }[]) => {
    const asked: { query: string; variables: { [key: string]: Json } }[] = [];
    const ask = async (query: string, variables: { [key: string]: Json }): Promise<string> => {
      asked.push({ query, variables });
      if (query.startsWith("mutation")) {
        pages.at(-1)!.receipts.push(String(variables.receipt));
        return '{"data":{"recordStory":true}}';
      }
      const { receipts, next } = pages[variables.after === null ? 0 : Number(variables.after)]!;
      const items = receipts.map((receipt, i) => ({
        model: WEIGHTS,
        receipt,
        recorded: { height: i, timestamp: 1_700_000_000_000_000 },
      }));
      return JSON.stringify({ data: { stories: { items, next } } });
    };
    return { asked, ask };
  };

  it("is put there once", async () => {
    const { asked, ask } = played([{ receipts: [], next: null }]);
    expect(await putReceipt(ask, PUBLISHER, WEIGHTS, DIGEST)).toMatchObject({ digest: DIGEST, block: 0 });
    expect(await putReceipt(ask, PUBLISHER, WEIGHTS, DIGEST)).toMatchObject({ digest: DIGEST, block: 0 });
    const sent = asked.filter(({ query }) => query.startsWith("mutation"));
    expect(sent.map(({ variables }) => variables)).toEqual([
      { model: WEIGHTS, receipt: DIGEST, by: PUBLISHER },
    ]);
    expect(asked.flatMap(({ query, variables }) => undeclared(query, variables))).toEqual([]);
  });

  it("is found on any page", async () => {
    const { ask } = played([
      { receipts: ["6".repeat(64)], next: 1 },
      { receipts: ["7".repeat(64), DIGEST], next: null },
    ]);
    expect(await findReceipt(ask, PUBLISHER, DIGEST)).toEqual({
      digest: DIGEST,
      model: WEIGHTS,
      block: 1,
      time: 1_700_000_000_000,
    });
    expect(await findReceipt(ask, PUBLISHER, "8".repeat(64))).toBeNull();
  });

  it.each(['{"data":{"stories":{}}}', '{"data":{"stories":{"items":[{"receipt":"x"}],"next":null}}}', "{}"])(
    "refuses %s",
    async (json) => {
      await expect(findReceipt(async () => json, PUBLISHER, DIGEST)).rejects.toMatchObject({
        code: "registry-invalid",
      });
    },
  );

  it("tells why the chain refused", async () => {
    const ask = async (query: string): Promise<string> =>
      query.startsWith("mutation")
        ? '{"errors":[{"message":"No balance."}]}'
        : '{"data":{"stories":{"items":[],"next":null}}}';
    await expect(putReceipt(ask, PUBLISHER, WEIGHTS, DIGEST)).rejects.toThrow("No balance.");
  });
});
