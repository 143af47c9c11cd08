// SPDX-License-Identifier: Apache-2.0
/**
 * What a token of a story holds: all that writes it again, and what it then has to come out as.
 *
 * In: the record that the engine gave (record/record.py), or a receipt that the chain gives. Out: a receipt as the application
 * takes it, a request that writes the story again, and whether what came of it is the story. Refused: a record or a receipt
 * of another shape, and values in another form than the record's canonical one (a temperature of 0x10, a seed of 007).
 */

import type { Json, StoryRecord, WriteRequest } from "../../engine/protocol";
import { Shape, type Fields, type Refuse } from "../../shared/shape";
import { chainError } from "../errors";
import { digestOf, receiptDigest } from "./receipts";

/** Decimals are texts, as the record's canonical JSON writes them. What is null was off. */
export type StoryReceipt = {
  /** The SHA-256 of the story's canonical record. */
  story: string;
  /** SHA-256 of the files; null for a tokenizer that is in the model's. */
  model: string;
  tokenizer: string | null;
  numerics: number;
  /** The SHA-256 of the kernels' module. */
  kernels: string | null;
  prompt: string;
  /** The SHA-256 of the ids that the model read, as canonical JSON. */
  promptTokens: string;
  mode: "RAW" | "CHAT";
  /** The date that the chat template was told; null where it did not ask. */
  date: string | null;
  sampler: {
    seed: string;
    temperature: string | null;
    topP: string | null;
    topK: number | null;
    minP: string | null;
    repeatPenalty: string;
    repeatLastN: number;
  };
  limits: { maxTokens: number; stop: string[]; context: number };
  tokenCount: number;
  /** The SHA-256 of the tokens' ids as canonical JSON. */
  tokens: string;
};

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

/** Texts and decimals beyond what Shape reads: a prompt may be empty, and what was off is null. */
class Fielded extends Shape {
  constructor(private readonly wrong: Refuse) {
    super(wrong);
  }

  words(from: Fields, key: string, where: string): string {
    const value = from[key];
    if (typeof value === "string") return value;
    throw this.wrong(`${where}, field "${key}",`, "is not a text");
  }

  number(from: Fields, key: string, where: string): number {
    const value = from[key];
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw this.wrong(`${where}, field "${key}",`, "is not a number");
  }

  /** What may be null is read by `read` where it is not. */
  maybe<T>(from: Fields, key: string, where: string, read: (key: string) => T): T | null {
    if (from[key] === undefined) throw this.wrong(`${where}, field "${key}",`, "is missing");
    return from[key] === null ? null : read(key);
  }

  texts(from: Fields, key: string, where: string): string[] {
    return this.list(from, key, where).map((item) => {
      if (typeof item === "string") return item;
      throw this.wrong(`${where}, field "${key}",`, "has something that is not a text");
    });
  }
}

const LARGEST_SEED = 2n ** 64n - 1n;
const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
/** Below, the likeliest token is always taken (sampling/chain.py). */
const LEAST_TEMPERATURE = 1e-7;

const answered = new Fielded((where, what) => chainError("registry-invalid", `${where} ${what}.`));
const recorded = new Fielded((where, what) => chainError("record-invalid", `${where} ${what}.`));

/** The date that the model was told when the story was written; null where its chat template did not ask for it. */
function dateOf(record: StoryRecord): string | null {
  if (record.chat === undefined) return null;
  const { date, ...rest } = recorded.fields(record.chat, "its chat");
  if (typeof date === "string" && DATE.test(date) && Object.keys(rest).length === 0) return date;
  throw chainError("record-invalid", 'its chat, field "date", is not a date.');
}

/** The receipt of a story's record. */
export async function receiptOf(record: StoryRecord): Promise<StoryReceipt> {
  const shape = recorded;
  const where = "the record";
  const sampler = shape.fields(record.sampler, "its sampler");
  const limits = shape.fields(record.limits, "its limits");
  const tokenizer = record.tokenizer === null ? null : shape.fields(record.tokenizer, "its tokenizer");
  const ids = shape.list(record, "tokens", where);
  const mode = shape.text(record, "mode", where).toUpperCase();
  if (mode !== "RAW" && mode !== "CHAT")
    throw chainError("record-invalid", `${where} has no mode that is known.`);
  const decimal = (key: string): string => String(shape.number(sampler, key, "its sampler"));
  const decimalOrOff = (key: string): string | null => shape.maybe(sampler, key, "its sampler", decimal);
  return {
    story: await receiptDigest(record),
    model: shape.digest(shape.fields(record.model, "its model"), "sha256", "its model"),
    tokenizer: tokenizer && shape.digest(tokenizer, "sha256", "its tokenizer"),
    numerics: shape.count(record, "numerics", where),
    kernels: shape.maybe(record, "kernels", where, (key) => shape.digest(record, key, where)),
    prompt: shape.words(record, "prompt", where),
    promptTokens: await digestOf(shape.list(record, "prompt_tokens", where)),
    mode,
    date: dateOf(record),
    sampler: {
      seed: shape.text(sampler, "seed", "its sampler"),
      temperature: decimalOrOff("temperature"),
      topP: decimalOrOff("top_p"),
      topK: shape.maybe(sampler, "top_k", "its sampler", (key) =>
        shape.count(sampler, key, "its sampler", 0),
      ),
      minP: decimalOrOff("min_p"),
      repeatPenalty: decimal("repeat_penalty"),
      repeatLastN: shape.count(sampler, "repeat_last_n", "its sampler", 0),
    },
    limits: {
      maxTokens: shape.count(limits, "max_tokens", "its limits", 0),
      stop: shape.texts(limits, "stop", "its limits"),
      context: shape.count(limits, "context", "its limits"),
    },
    tokenCount: ids.length,
    tokens: await digestOf(ids),
  };
}

/**
 * A receipt as the chain gives it. A token may have come from anybody, and the contract looks at its values' forms only:
 * they are looked at where a story is written from them, so that one odd token does not hide the others.
 */
export function readStoryReceipt(value: Json | undefined, where: string): StoryReceipt {
  const shape = answered;
  const from = shape.fields(value, where);
  const sampler = shape.fields(from.sampler, `${where}, sampler`);
  const limits = shape.fields(from.limits, `${where}, limits`);
  const mode = shape.text(from, "mode", where);
  if (mode !== "RAW" && mode !== "CHAT")
    throw chainError("registry-invalid", `${where} has no mode that is known.`);
  const decimal = (key: string): string => shape.text(sampler, key, `${where}, sampler`);
  const decimalOrOff = (key: string): string | null =>
    shape.maybe(sampler, key, `${where}, sampler`, decimal);
  return {
    story: shape.digest(from, "story", where),
    model: shape.digest(from, "model", where),
    tokenizer: shape.maybe(from, "tokenizer", where, (key) => shape.digest(from, key, where)),
    numerics: shape.count(from, "numerics", where),
    kernels: shape.maybe(from, "kernels", where, (key) => shape.digest(from, key, where)),
    prompt: shape.words(from, "prompt", where),
    promptTokens: shape.digest(from, "promptTokens", where),
    mode,
    date: shape.maybe(from, "date", where, (key) => shape.text(from, key, where)),
    sampler: {
      seed: decimal("seed"),
      temperature: decimalOrOff("temperature"),
      topP: decimalOrOff("topP"),
      topK: shape.maybe(sampler, "topK", `${where}, sampler`, (key) => shape.count(sampler, key, where, 0)),
      minP: decimalOrOff("minP"),
      repeatPenalty: decimal("repeatPenalty"),
      repeatLastN: shape.count(sampler, "repeatLastN", `${where}, sampler`, 0),
    },
    limits: {
      maxTokens: shape.count(limits, "maxTokens", `${where}, limits`),
      stop: shape.texts(limits, "stop", `${where}, limits`),
      context: shape.count(limits, "context", `${where}, limits`),
    },
    tokenCount: shape.count(from, "tokenCount", where),
    tokens: shape.digest(from, "tokens", where),
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
