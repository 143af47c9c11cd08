// SPDX-License-Identifier: Apache-2.0
/** One story for tests: its record as the engine gives it, the receipt that a token of it holds, and the token. */
import { createHash } from "node:crypto";
import { canonicalJson } from "../../../web/chain/stories/receipts";
import type { StoryReceipt } from "../../../web/chain/stories/story-receipt";
import type { Json, StoryRecord } from "../../../web/engine/protocol";
import { PUBLISHER, WEIGHTS, WORDS } from "./played";

export const hashed = (value: Json): string =>
  createHash("sha256").update(canonicalJson(value)).digest("hex");

export const IDS = [403, 407, 261, 378];

export const RECORD: StoryRecord = {
  format: "taleproof-story/1",
  numerics: 1,
  kernels: "4".repeat(64),
  model: { name: "stories260K.bin", sha256: WEIGHTS, sha3_256: null, size: 80 },
  tokenizer: { sha256: WORDS, sha3_256: null, size: 8 },
  prompt: "Once upon a time\n“there” was \u{1f98a}",
  mode: "raw",
  prompt_tokens: [1, 403],
  sampler: {
    seed: "18446744073709551615",
    temperature: 0.8,
    top_p: 0.95,
    top_k: 40,
    min_p: null,
    repeat_penalty: 1.1,
    repeat_last_n: 64,
  },
  limits: { max_tokens: 4, stop: [], context: 512 },
  tokens: IDS,
  text: " a fox.",
  finish_reason: "length",
  logits: { every: 16, sha256: ["5".repeat(64)] },
};

export const RECEIPT: StoryReceipt = {
  story: hashed(RECORD),
  model: WEIGHTS,
  tokenizer: WORDS,
  numerics: 1,
  kernels: "4".repeat(64),
  prompt: "Once upon a time\n“there” was \u{1f98a}",
  promptTokens: hashed([1, 403]),
  mode: "RAW",
  date: null,
  sampler: {
    seed: "18446744073709551615",
    temperature: "0.8",
    topP: "0.95",
    topK: 40,
    minP: null,
    repeatPenalty: "1.1",
    repeatLastN: 64,
  },
  limits: { maxTokens: 4, stop: [], context: 512 },
  tokenCount: 4,
  tokens: hashed(IDS),
};

/** A token as the application gives it. */
export function nft(id: string, change: { [key: string]: Json } = {}): { [key: string]: Json } {
  return {
    tokenId: id.repeat(64),
    owner: PUBLISHER,
    minter: PUBLISHER,
    receipt: RECEIPT,
    minted: { height: 7, timestamp: 1_700_000_000_000_000 },
    mintedOn: "c".repeat(64),
    ...change,
  };
}
