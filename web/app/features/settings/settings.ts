// SPDX-License-Identifier: Apache-2.0
/**
 * The settings of a story: what a person may type, what is accepted, and what the engine is then asked for.
 *
 * In: the texts of the form's fields. Out: a WriteRequest's settings, or for each wrong field a sentence that names the
 * range. Nothing is corrected silently: a value out of range stays as typed until the person changes it.
 */

import * as v from "valibot";
import type { WriteMode } from "../../../engine/protocol";
import type { StorySettings } from "../../lib/story";

const typed = (preset: string) => v.fallback(v.pipe(v.string(), v.maxLength(40)), preset);
const either = <const T extends string>(preset: T, ...others: T[]) =>
  v.fallback(v.picklist([preset, ...others]), preset);

/** The fields as typed; what is stored of another type gives way to what stands here. */
const SettingsForm = v.object({
  temperature: typed("0.8"),
  topP: typed("0.95"),
  topK: typed("40"),
  repeatPenalty: typed("1.1"),
  maxTokens: typed("300"),
  seedKind: either("random", "fixed"),
  seed: typed(""),
  mode: either("story", "raw", "chat"),
});
export type SettingsForm = v.InferOutput<typeof SettingsForm>;

export type SettingsField = "temperature" | "topP" | "topK" | "repeatPenalty" | "maxTokens" | "seed";
export type SettingsErrors = Partial<Record<SettingsField, string>>;

export type SettingsResult =
  { ok: true; settings: StorySettings } | { ok: false; errors: SettingsErrors; first: SettingsField };

export const DEFAULT_SETTINGS: SettingsForm = v.parse(SettingsForm, {});

/** How many of the last tokens the repeat penalty looks at, as in candle's examples. */
const REPEAT_LAST_N = 64;
/** What a story may take in any case; the model's own limit is smaller and is told by the engine. */
const MOST_TOKENS = 100_000;
const LARGEST_TOP_K = 1_000_000;
const LARGEST_SEED = 2n ** 64n - 1n;

interface Range {
  name: string;
  low: number;
  high: number;
  whole?: true;
  hint: string;
}

export const RANGES: Record<Exclude<SettingsField, "seed">, Range> = {
  temperature: { name: "Temperature", low: 0, high: 5, hint: "0 always takes the likeliest word." },
  topP: { name: "Top-p", low: 0.01, high: 1, hint: "1 leaves every word in the game." },
  topK: { name: "Top-k", low: 0, high: LARGEST_TOP_K, whole: true, hint: "0 leaves every word in the game." },
  repeatPenalty: { name: "Repeat penalty", low: 0.5, high: 3, hint: "1 is none." },
  maxTokens: {
    name: "Most tokens",
    low: 1,
    high: MOST_TOKENS,
    whole: true,
    hint: "A token is a short word or part of one.",
  },
};

const SEED_HINT = "Seed must be a whole number from 0 to 18446744073709551615.";

function readNumber(text: string, range: Range): number | string {
  const trimmed = text.trim();
  const plain = range.whole ? /^\d+$/ : /^(\d+\.?\d*|\.\d+)$/;
  // A decimal comma is what half of the world types.
  const value = plain.test(trimmed.replace(",", ".")) ? Number(trimmed.replace(",", ".")) : NaN;
  if (value >= range.low && value <= range.high) return value;
  const kind = range.whole ? "a whole number" : "a number";
  return `${range.name} must be ${kind} from ${range.low} to ${range.high.toLocaleString("en")}. ${range.hint}`;
}

export function isSeed(text: string): boolean {
  return /^\d{1,20}$/.test(text.trim()) && BigInt(text.trim()) <= LARGEST_SEED;
}

export function checkSettings(form: SettingsForm): SettingsResult {
  const errors: SettingsErrors = {};
  const read = (field: Exclude<SettingsField, "seed">): number => {
    const value = readNumber(form[field], RANGES[field]);
    if (typeof value === "number") return value;
    errors[field] = value;
    return NaN;
  };
  const temperature = read("temperature");
  const topP = read("topP");
  const topK = read("topK");
  const repeatPenalty = read("repeatPenalty");
  const maxTokens = read("maxTokens");
  if (form.seedKind === "fixed" && !isSeed(form.seed)) errors.seed = SEED_HINT;
  const first = (Object.keys(errors) as SettingsField[])[0];
  if (first) return { ok: false, errors, first };
  const seed = form.seedKind === "fixed" ? BigInt(form.seed.trim()).toString() : null;
  return {
    ok: true,
    settings: {
      mode: form.mode,
      maxTokens,
      sampler: {
        seed,
        temperature: temperature === 0 ? null : temperature,
        topP: topP === 1 ? null : topP,
        topK: topK === 0 ? null : topK,
        minP: null,
        repeatPenalty,
        repeatLastN: REPEAT_LAST_N,
      },
    },
  };
}

/** The form that asks for given settings again, seed included. */
export function formFromSettings(settings: StorySettings): SettingsForm {
  const { sampler } = settings;
  return {
    temperature: String(sampler.temperature ?? 0),
    topP: String(sampler.topP ?? 1),
    topK: String(sampler.topK ?? 0),
    repeatPenalty: String(sampler.repeatPenalty),
    maxTokens: String(settings.maxTokens),
    seedKind: sampler.seed === null ? "random" : "fixed",
    seed: sampler.seed ?? "",
    mode: settings.mode,
  };
}

/** Stored settings as a form; anything unknown or of a wrong type gives way to the default. */
export function readStoredForm(stored: string | null): SettingsForm {
  let data: unknown = null;
  try {
    data = JSON.parse(stored ?? "null");
  } catch {
    // Written by something else: as though nothing were stored.
  }
  return v.parse(
    v.fallback(SettingsForm, () => ({ ...DEFAULT_SETTINGS })),
    data,
  );
}

const MODE_WORDS: Record<WriteMode, string> = {
  story: "a story",
  raw: "only going on from the text",
  chat: "on request",
};

/** One quiet line that tells how the next story will be written. */
export function summariseSettings(form: SettingsForm): string {
  const seed = form.seedKind === "random" ? "a new seed each time" : `seed ${form.seed || "missing"}`;
  return `${MODE_WORDS[form.mode]}, temperature ${form.temperature}, at most ${form.maxTokens} tokens, ${seed}`;
}
