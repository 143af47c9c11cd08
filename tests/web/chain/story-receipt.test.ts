// SPDX-License-Identifier: Apache-2.0
/** What a token holds, made of a story's record, read back from the chain, and compared with what is written from it. */
import { describe, expect, it } from "vitest";
import { wrong } from "../../../web/chain/registry/answer";
import {
  compare,
  receiptOf,
  requestOf,
  StoryReceipt,
  withoutEffect,
} from "../../../web/chain/stories/story-receipt";
import type { Json } from "../../../web/engine/protocol";
import { read } from "../../../web/shared/json";
import { hashed, IDS, RECEIPT, RECORD } from "./told";

type Fields = { [key: string]: Json };

const sampler = (change: Fields): Fields => ({ ...(RECORD.sampler as Fields), ...change });

describe("the receipt of a record", () => {
  it("has the digests of the record and of its tokens, and all that writes it again", async () => {
    expect(await receiptOf(RECORD)).toEqual(RECEIPT);
  });

  it.each([
    [0.1 + 0.2, "0.30000000000000004"],
    [1e-7, "1e-7"],
    [5, "5"],
    [0, "0"],
    [5e-324, "5e-324"],
    [null, null],
  ])("writes the temperature %s as %s, which reads back to the same number", async (number, text) => {
    const receipt = await receiptOf({ ...RECORD, sampler: sampler({ temperature: number }) });
    expect(receipt.sampler.temperature).toBe(text);
    const request = requestOf(read(StoryReceipt, JSON.parse(JSON.stringify(receipt)), "it", wrong));
    expect(request).toMatchObject({ kind: "new", sampler: { temperature: number } });
  });

  it("is of a story in chat, without a tokenizer of its own, whose opening and kernels are not there", async () => {
    const record = { ...RECORD, mode: "chat", tokenizer: null, kernels: null, prompt: "" };
    expect(await receiptOf(record)).toMatchObject({
      mode: "CHAT",
      tokenizer: null,
      kernels: null,
      prompt: "",
    });
  });

  it.each([
    { sampler: sampler({ dry: { multiplier: 0.8 } }) },
    { sampler: sampler({ xtc: { probability: 0.5 } }) },
    { limits: { ...(RECORD.limits as Fields), min_tokens: 20 } },
    { limits: { ...(RECORD.limits as Fields), past_ends: 1 } },
    { limits: { ...(RECORD.limits as Fields), end_at_sentence: "cut" } },
  ])("is not made where a setting would be left out of it: %j", async (change) => {
    await expect(receiptOf({ ...RECORD, ...change })).rejects.toMatchObject({
      code: "record-invalid",
      message: expect.stringContaining("can't hold") as string,
    });
  });

  it("has the date that the model was told, and asks for it again", async () => {
    const receipt = await receiptOf({ ...RECORD, mode: "chat", chat: { date: "2026-02-03" } });
    expect(receipt).toMatchObject({ mode: "CHAT", date: "2026-02-03" });
    expect(requestOf(receipt)).toMatchObject({ mode: "chat", date: "2026-02-03" });
  });

  it.each([
    ["chat", null],
    ["chat", {}],
    ["chat", { date: "3 Feb" }],
    ["chat", { date: "2026-02-03", time: "12:00" }],
    ["tokens", null],
    ["prompt_tokens", null],
    ["model", { sha256: "x" }],
    ["tokenizer", {}],
    ["numerics", "1"],
    ["mode", "verse"],
    ["prompt", 7],
    ["sampler", sampler({ temperature: "0.8" })],
    ["sampler", sampler({ top_k: 1.5 })],
    ["sampler", {}],
    ["limits", { max_tokens: 4, stop: [1], context: 512 }],
    ["limits", { max_tokens: 4, stop: [], context: 0 }],
  ])("is refused where the record's %s is %j", async (key, value) => {
    await expect(receiptOf({ ...RECORD, [key]: value })).rejects.toMatchObject({ code: "record-invalid" });
  });
});

describe("a receipt from the chain", () => {
  it.each([
    ["story", "x"],
    ["model", null],
    ["tokenizer", undefined],
    ["mode", "raw"],
    ["prompt", null],
    ["tokenCount", -1],
    ["tokens", "A".repeat(64)],
    ["sampler", null],
    ["limits", { maxTokens: 4, stop: "no", context: 512 }],
  ])("is refused with a %s of %j", (key, value) => {
    const { [key as "story"]: _left, ...rest } = RECEIPT;
    const changed = (value === undefined ? rest : { ...rest, [key]: value }) as Fields;
    expect(() => read(StoryReceipt, changed, "it", wrong)).toThrow(
      expect.objectContaining({ code: "registry-invalid" }),
    );
  });

  it("asks the engine for the same story, and for none where a decimal is no number", () => {
    const { prompt, limits } = RECEIPT;
    expect(requestOf(RECEIPT)).toEqual({
      kind: "new",
      prompt,
      mode: "raw",
      sampler: {
        seed: "18446744073709551615",
        temperature: 0.8,
        topP: 0.95,
        topK: 40,
        minP: null,
        repeatPenalty: 1.1,
        repeatLastN: 64,
      },
      limits: { maxTokens: limits.maxTokens, stop: [] },
      date: null,
    });
  });

  it.each([
    ...[
      "9e999",
      " ",
      "",
      "0x10",
      "1e-400",
      "99999999999999999999",
      "0.80",
      "1.",
      ".5",
      "1e-07",
      "+1",
      "NaN",
    ].map((text) => ({ sampler: { ...RECEIPT.sampler, topP: text } })),
    ...["-1", "1e3", "00000000000000000007", "18446744073709551616", "0x1", " 1", ""].map((seed) => ({
      sampler: { ...RECEIPT.sampler, seed },
    })),
    { date: "2026-02-03" }, // nobody tells a date without a chat template
    ...["2026-2-3", "2026-02-03T12:00", "2026-13-01", "today"].map((date) => ({
      mode: "CHAT" as const,
      date,
    })),
    { prompt: "half of a fox: \ud83e" },
    { limits: { ...RECEIPT.limits, stop: ["\udd8a"] } },
  ])("asks for nothing where a value is in another form than a record's: %j", (change) => {
    expect(() => requestOf({ ...RECEIPT, ...change })).toThrow(
      expect.objectContaining({ code: "receipt-unwritable" }),
    );
  });

  it("names the settings that its tokens say nothing about", () => {
    const of = (change: Partial<StoryReceipt["sampler"]>) =>
      withoutEffect({ ...RECEIPT, sampler: { ...RECEIPT.sampler, ...change } }).length;
    expect([
      of({}),
      of({ temperature: null }),
      of({ temperature: "1e-8" }),
      of({ repeatPenalty: "1" }),
    ]).toEqual([0, 4, 4, 1]);
  });
});

describe("the comparison", () => {
  it("is by the tokens; the record may have another digest", async () => {
    expect(await compare(RECEIPT, { ids: IDS, record: RECORD })).toEqual({
      same: true,
      tokenCount: 4,
      tokens: RECEIPT.tokens,
      story: RECEIPT.story,
      kernels: RECEIPT.kernels,
      numerics: RECEIPT.numerics,
      samePrompt: true,
    });
    const record = { ...RECORD, kernels: "6".repeat(64), numerics: 2 };
    const { kernels, numerics } = record;
    const differs = { same: true, story: hashed(record), kernels, numerics };
    expect(await compare(RECEIPT, { ids: IDS, record })).toMatchObject(differs);
    const other = { ...RECORD, prompt_tokens: [1, 404] };
    expect(await compare(RECEIPT, { ids: IDS, record: other })).toMatchObject({
      same: true,
      samePrompt: false,
    });
    const none = { same: true, story: null, kernels: null, numerics: null, samePrompt: null };
    expect(await compare(RECEIPT, { ids: IDS, record: null })).toMatchObject(none);
  });

  it.each([
    ["one token less", IDS.slice(1)],
    ["another token", [...IDS.slice(1), 9]],
    ["the same tokens in another order", [...IDS].reverse()],
    ["none", []],
  ])("finds %s", async (_what, ids) => {
    expect(await compare(RECEIPT, { ids, record: null })).toMatchObject({
      same: false,
      tokenCount: ids.length,
      tokens: hashed(ids),
    });
  });

  it("does not take a receipt's word for the number of its tokens", async () => {
    expect(await compare({ ...RECEIPT, tokenCount: 5 }, { ids: IDS, record: null })).toMatchObject({
      same: false,
    });
  });
});
