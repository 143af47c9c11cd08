// SPDX-License-Identifier: Apache-2.0
/**
 * How a text is to be written, as a program says it.
 *
 * In: settings, each of which may be left out. Out: the engine's WriteRequest. Refused, by name: a setting that does not
 * exist, and a value of another type; what is out of its range the engine refuses.
 */

import { EngineError } from "../errors";
import type {
  AuthorsNote,
  DrySettings,
  Limits,
  SamplerSettings,
  WriteMode,
  WriteRequest,
  XtcSettings,
} from "../protocol";

/** How a text is written. What is left out is as in DEFAULTS. */
export interface Settings {
  /** 0 to 2^64 - 1; as a string or a bigint above 2^53 - 1. Left out: a random one, which the event `started` tells. */
  seed?: number | bigint | string | null | undefined;
  /** 0 always takes the likeliest token. */
  temperature?: number | null | undefined;
  /** Keeps the likeliest tokens that make up this much together; 1 keeps all. */
  topP?: number | null | undefined;
  /** Keeps so many of the likeliest tokens; 0 keeps all. */
  topK?: number | null | undefined;
  /** Keeps tokens that are at least this much as likely as the likeliest; 0 keeps all. */
  minP?: number | null | undefined;
  /** 1 is none. */
  repeatPenalty?: number | undefined;
  /** How many tokens back the penalty looks. */
  repeatLastN?: number | undefined;
  /** Above 0 makes what goes on with a repeated sequence less likely, by so much. */
  dryMultiplier?: number | null | undefined;
  /** So many times as much for each further token of the sequence. */
  dryBase?: number | null | undefined;
  /** Sequences of fewer tokens may be repeated. */
  dryAllowedLength?: number | null | undefined;
  /** How many tokens back it looks; -1 is all of them. */
  dryLastN?: number | null | undefined;
  /** Texts that no sequence goes beyond; left out: a line break, a colon, a quote and an asterisk. */
  drySequenceBreakers?: string | readonly string[] | null | undefined;
  /** How often all of the likeliest tokens but one are left out; 0 is never. */
  xtcProbability?: number | null | undefined;
  /** How likely those are at least; above 0.5 is off. */
  xtcThreshold?: number | null | undefined;
  /** Before it has so many tokens, the text does not end by itself. */
  minTokens?: number | null | undefined;
  /**
   * At maxTokens: `finish` writes up to 60 tokens more, until a sentence ends; `cut` takes what comes after the last whole
   * sentence away again, and the event `finished` says so.
   */
  endAtSentence?: "finish" | "cut" | null | undefined;
  /** Tokens to write at most. */
  maxTokens?: number | undefined;
  /** Texts that end it; they are not part of the text. */
  stop?: string | readonly string[] | null | undefined;
  /** What a chat template that asks for today's date is told, as 2026-02-03; left out: this device's day. */
  date?: string | undefined;
  /** Of the request for a story, and of a note's brackets: en, zh-Hans, es or de. */
  language?: string | undefined;
  /** What the model must not forget; not in chat. */
  memory?: string | undefined;
  /** An author's note: `depth` says before which paragraph, counted from the end; not in chat. */
  note?: AuthorsNote | undefined;
  /** Where the prompt's passages begin, the first at 0. Where they are too long, the oldest but the first are left out. */
  passages?: readonly number[] | undefined;
}

/** Settings, and a signal that ends the text. */
export interface GenerateOptions extends Settings {
  /** Ends the text; the last event then has the reason `stopped`. */
  signal?: AbortSignal | undefined;
}

/** What holds where a setting is left out: the same as on the page. */
export const DEFAULTS = {
  temperature: 0.8,
  topP: 0.95,
  topK: 40,
  minP: 0,
  repeatPenalty: 1.1,
  repeatLastN: 64,
  maxTokens: 300,
  minTokens: 0,
  dryMultiplier: 0,
  dryBase: 1.75,
  dryAllowedLength: 2,
  dryLastN: -1,
  xtcProbability: 0,
  xtcThreshold: 0.1,
};

/** Where no sequence goes on for DRY, as in llama.cpp. */
const SEQUENCE_BREAKERS: readonly string[] = ["\n", ":", '"', "*"];

type NumberName = keyof typeof DEFAULTS;

/** What the engine takes whole numbers for. */
const WHOLE: ReadonlySet<string> = new Set<NumberName>([
  "topK",
  "repeatLastN",
  "maxTokens",
  "minTokens",
  "dryAllowedLength",
  "dryLastN",
]);
const NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(DEFAULTS),
  ...["seed", "stop", "date", "signal", "language", "memory", "note", "passages"],
  ...["drySequenceBreakers", "endAtSentence"],
]);

export function writeRequest(prompt: string, mode: WriteMode, settings: Settings): WriteRequest {
  for (const name of Object.keys(settings)) if (!NAMES.has(name)) throw unknownSetting(name);
  if (typeof prompt !== "string") throw wrongType("prompt", prompt, "a text");
  const { date, language, memory, note, passages } = settings;
  if (date !== undefined && typeof date !== "string") throw wrongType("date", date, "a day as 2026-02-03");
  if (language !== undefined && typeof language !== "string") throw wrongType("language", language, "a text");
  if (memory !== undefined && typeof memory !== "string") throw wrongType("memory", memory, "a text");
  const number = (name: NumberName): number => numberOf(name, settings[name]);
  const unless = (off: number, name: NumberName): number | null =>
    number(name) === off ? null : number(name);
  return {
    kind: "new",
    prompt,
    mode,
    sampler: {
      seed: seedOf(settings.seed),
      temperature: unless(0, "temperature"),
      topP: unless(1, "topP"),
      topK: unless(0, "topK"),
      minP: unless(0, "minP"),
      repeatPenalty: number("repeatPenalty"),
      repeatLastN: number("repeatLastN"),
      ...repetition(settings, number),
    },
    limits: {
      maxTokens: number("maxTokens"),
      stop: textsOf("stop", settings.stop, []),
      ...ends(settings, number("minTokens")),
    },
    ...(date === undefined ? {} : { date }),
    ...(language === undefined ? {} : { request: { language } }),
    ...(memory === undefined ? {} : { memory }),
    ...(note === undefined ? {} : { note: noteOf(note) }),
    ...(passages === undefined ? {} : { passages: placesOf(passages) }),
  };
}

type NumberOf = (name: NumberName) => number;

/** DRY and XTC, each where it is on. */
function repetition(settings: Settings, number: NumberOf): Pick<SamplerSettings, "dry" | "xtc"> {
  const breakers = textsOf("drySequenceBreakers", settings.drySequenceBreakers, SEQUENCE_BREAKERS);
  const dry: DrySettings = {
    multiplier: number("dryMultiplier"),
    base: number("dryBase"),
    allowedLength: number("dryAllowedLength"),
    lastN: number("dryLastN"),
    sequenceBreakers: breakers,
  };
  const xtc: XtcSettings = { probability: number("xtcProbability"), threshold: number("xtcThreshold") };
  return { ...(dry.multiplier === 0 ? {} : { dry }), ...(xtc.probability === 0 ? {} : { xtc }) };
}

function ends({ endAtSentence }: Settings, minTokens: number): Pick<Limits, "minTokens" | "endAtSentence"> {
  const end: unknown = endAtSentence ?? null;
  if (end !== null && end !== "finish" && end !== "cut")
    throw wrongType("endAtSentence", end, '"finish" or "cut"');
  return { ...(minTokens === 0 ? {} : { minTokens }), ...(end === null ? {} : { endAtSentence: end }) };
}

function numberOf(name: NumberName, value: number | null | undefined): number {
  if (value === undefined || value === null) return DEFAULTS[name];
  const right = WHOLE.has(name) ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (right) return value;
  throw wrongType(name, value, WHOLE.has(name) ? "a whole number" : "a number");
}

function seedOf(seed: Settings["seed"]): string | null {
  if (seed === undefined || seed === null) return null;
  const right =
    typeof seed === "bigint" ||
    (typeof seed === "string" ? /^\d{1,20}$/.test(seed) : Number.isSafeInteger(seed));
  if (right) return String(seed);
  throw wrongType("seed", seed, "a whole number, as a string or a bigint above 2^53 - 1");
}

function textsOf(
  setting: string,
  given: string | readonly string[] | null | undefined,
  preset: readonly string[],
): string[] {
  if (given === undefined || given === null) return [...preset];
  const texts: readonly unknown[] =
    typeof given === "string" ? [given] : Array.isArray(given) ? given : [null];
  return texts.map((text) => {
    if (typeof text === "string") return text;
    throw wrongType(setting, given, "a text or a list of texts");
  });
}

function noteOf(note: AuthorsNote): AuthorsNote {
  const { text, depth } = Object(note) as Partial<AuthorsNote>;
  if (typeof text === "string" && Number.isSafeInteger(depth)) return { text, depth: Number(depth) };
  throw wrongType("note", note, "a text and a whole number, as { text, depth }");
}

function placesOf(passages: readonly number[]): number[] {
  const places: readonly unknown[] = Array.isArray(passages) ? passages : [null];
  return places.map((place) => {
    if (Number.isSafeInteger(place)) return Number(place);
    throw wrongType("passages", passages, "a list of whole numbers");
  });
}

function wrongType(setting: string, value: unknown, wanted: string): EngineError {
  return new EngineError({
    code: "invalid-setting",
    message: `${setting} can't be ${String(value)}: it must be ${wanted}. Change it and try again.`,
    details: { setting, value: String(value) },
  });
}

function unknownSetting(setting: string): EngineError {
  return new EngineError({
    code: "unknown-setting",
    message: `There is no setting "${setting}". There are: ${[...NAMES].join(", ")}.`,
    details: { setting },
  });
}
