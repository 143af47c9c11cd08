// SPDX-License-Identifier: Apache-2.0
/**
 * What a token of a story holds: all that writes it again, and what it then has to come out as.
 *
 * In: the record that the engine gave (record/record.py), or a receipt that the chain gives. Out: a receipt as the application
 * takes it, a request that writes the story again, and whether what came of it is the story. Refused: a record or a receipt
 * of another shape, and values in another form than the record's canonical one (a temperature of 0x10, a seed of 007).
 */

import * as v from "valibot";
import type { StoryRecord, WriteRequest } from "../../engine/protocol";
import { count, decimal, digest, exactly, list, object, oneOf, read, text, words } from "../../shared/json";
import { chainError } from "../errors";
import { digestOf, receiptDigest } from "./receipts";

const LARGEST_SEED = 2n ** 64n - 1n;
const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
/** Below, the likeliest token is always taken (sampling/chain.py). */
const LEAST_TEMPERATURE = 1e-7;

/**
 * A receipt as the chain gives it. Decimals are texts, as the record's canonical JSON writes them. What is null was off.
 * A token may have come from anybody, and the contract looks at its values' forms only: they are looked at where a story
 * is written from them, so that one odd token does not hide the others.
 */
export const StoryReceipt = object({
  /** The SHA-256 of the story's canonical record. */
  story: digest,
  /** SHA-256 of the files; null for a tokenizer that is in the model's. */
  model: digest,
  tokenizer: v.nullable(digest),
  numerics: count(),
  /** The SHA-256 of the kernels' module. */
  kernels: v.nullable(digest),
  prompt: words,
  /** The SHA-256 of the ids that the model read, as canonical JSON. */
  promptTokens: digest,
  mode: oneOf("RAW", "CHAT"),
  /** The date that the chat template was told; null where it did not ask. */
  date: v.nullable(text),
  sampler: object({
    seed: text,
    temperature: v.nullable(text),
    topP: v.nullable(text),
    topK: v.nullable(count(0)),
    minP: v.nullable(text),
    repeatPenalty: text,
    repeatLastN: count(0),
  }),
  limits: object({ maxTokens: count(), stop: list(words), context: count() }),
  tokenCount: count(),
  /** The SHA-256 of the tokens' ids as canonical JSON. */
  tokens: digest,
});
export type StoryReceipt = v.InferOutput<typeof StoryReceipt>;

/** A setting that makes the story, and that a receipt on chain has no field for. */
const unheld = v.exactOptional(v.never("is a setting that a token can't hold"));

/** What a receipt is made of, in a record (record/record.py). */
const Recorded = object({
  model: object({ sha256: digest }),
  tokenizer: v.nullable(object({ sha256: digest })),
  numerics: count(),
  kernels: v.nullable(digest),
  prompt: words,
  prompt_tokens: list(v.number("is not a number")),
  mode: oneOf("raw", "chat"),
  chat: v.optional(exactly({ date: v.pipe(words, v.regex(DATE, "is not a date")) })),
  sampler: object({
    seed: text,
    temperature: v.nullable(decimal),
    top_p: v.nullable(decimal),
    top_k: v.nullable(count(0)),
    min_p: v.nullable(decimal),
    repeat_penalty: decimal,
    repeat_last_n: count(0),
    dry: unheld,
    xtc: unheld,
  }),
  limits: object({
    max_tokens: count(0),
    stop: list(words),
    context: count(),
    min_tokens: unheld,
    end_at_sentence: unheld,
    past_ends: unheld,
  }),
  tokens: list(v.number("is not a number")),
});

/** Whether a token can hold a story: those of other modes, or with settings that it has no field for, it can't. */
export function isMintable(record: StoryRecord): boolean {
  return v.is(Recorded, record);
}

/** A story that was written from a receipt. */
export interface Retold {
  /** Of the tokens, no more of them than the receipt has. */
  ids: number[];
  /** Null where the receipt's story was stopped by its writer, and this one was cut at the same place. */
  record: StoryRecord | null;
}

/** What the comparison says. The tokens make the story; its record says more, which may differ between honest runs. */
export interface Outcome {
  same: boolean;
  tokenCount: number;
  tokens: string;
  /** The digest of the whole record, and what the record says besides; null where there is none to compare. */
  story: string | null;
  kernels: string | null;
  numerics: number | null;
  /**
   * Whether the model read the same tokens before it wrote; null where this story was cut, and so has no record.
   */
  samePrompt: boolean | null;
}

/** The receipt of a story's record. */
export async function receiptOf(record: StoryRecord): Promise<StoryReceipt> {
  const wrong = (where: string, what: string): Error => chainError("record-invalid", `${where} ${what}.`);
  const { model, tokenizer, sampler, limits, ...story } = read(Recorded, record, "the record", wrong);
  const decimalOrOff = (value: number | null): string | null => (value === null ? null : String(value));
  return {
    story: await receiptDigest(record),
    model: model.sha256,
    tokenizer: tokenizer && tokenizer.sha256,
    numerics: story.numerics,
    kernels: story.kernels,
    prompt: story.prompt,
    promptTokens: await digestOf(story.prompt_tokens),
    mode: story.mode === "chat" ? "CHAT" : "RAW",
    date: story.chat?.date ?? null,
    sampler: {
      seed: sampler.seed,
      temperature: decimalOrOff(sampler.temperature),
      topP: decimalOrOff(sampler.top_p),
      topK: sampler.top_k,
      minP: decimalOrOff(sampler.min_p),
      repeatPenalty: String(sampler.repeat_penalty),
      repeatLastN: sampler.repeat_last_n,
    },
    limits: { maxTokens: limits.max_tokens, stop: limits.stop, context: limits.context },
    tokenCount: story.tokens.length,
    tokens: await digestOf(story.tokens),
  };
}

/** What its text says, where that is the one form of it; what is no number for a sampler is refused by the engine itself. */
function number(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && String(value) === text) return value;
  throw chainError("receipt-unwritable", `${text} is not how a record writes a number.`);
}

/** What the engine is asked, to write a receipt's story. */
export function requestOf({ prompt, mode, date, sampler, limits }: StoryReceipt): WriteRequest {
  const { seed, temperature, topP, topK, minP, repeatPenalty, repeatLastN } = sampler;
  if (!/^(0|[1-9]\d{0,19})$/.test(seed) || BigInt(seed) > LARGEST_SEED)
    throw chainError("receipt-unwritable", `${seed} is not how a record writes a seed.`);
  if (date !== null && (mode !== "CHAT" || !DATE.test(date)))
    throw chainError("receipt-unwritable", `${date} is no date that a chat template was told.`);
  if ([prompt, ...limits.stop].some((text) => /\p{Cs}/u.test(text)))
    throw chainError("receipt-unwritable", "its words have half of a character in them.");
  return {
    kind: "new",
    prompt,
    mode: mode === "CHAT" ? "chat" : "raw",
    sampler: {
      seed,
      temperature: temperature === null ? null : number(temperature),
      topP: topP === null ? null : number(topP),
      topK,
      minP: minP === null ? null : number(minP),
      repeatPenalty: number(repeatPenalty),
      repeatLastN,
    },
    limits: { maxTokens: limits.maxTokens, stop: limits.stop },
    date,
  };
}

/**
 * Whether what was written is the receipt's story: the same number of tokens, and every one of them the same. The record
 * names the file too, the build of the kernels and how the story ended, so that its digest may be another one all the same.
 */
export async function compare(receipt: StoryReceipt, { ids, record }: Retold): Promise<Outcome> {
  const tokens = await digestOf(ids);
  const made = record && (await receiptOf(record));
  return {
    same: ids.length === receipt.tokenCount && tokens === receipt.tokens,
    tokenCount: ids.length,
    tokens,
    story: made?.story ?? null,
    kernels: made?.kernels ?? null,
    numerics: made?.numerics ?? null,
    samePrompt: made && made.promptTokens === receipt.promptTokens,
  };
}

/** The settings that had no part in a story's tokens, whatever they were: that those are the same says nothing about these. */
export function withoutEffect({ sampler }: StoryReceipt): string[] {
  const { temperature, repeatPenalty } = sampler;
  const certain = temperature === null || Number(temperature) < LEAST_TEMPERATURE;
  return [
    ...(certain ? ["seed", "top-p", "top-k", "min-p"] : []),
    ...(Number(repeatPenalty) === 1 ? ["the length that the repeat penalty looks back"] : []),
  ];
}
