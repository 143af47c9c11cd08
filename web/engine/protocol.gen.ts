// SPDX-License-Identifier: Apache-2.0
// Made by scripts/protocol.py of the types in py/taleproof/apps/worker/protocol. Change those, then run `npm run setup`.

/** Whatever JSON can hold. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** What was computed from a file's bytes. */
export interface Digests {
  /** Lower-case hexadecimal. */
  sha256: string;
  sha3_256: string | null;
  size: number;
}

/** The digests of one of several files. */
export interface NamedDigests extends Digests {
  name: string;
}

/** One digest at least, of either kind. */
export interface ExpectedDigests {
  sha256: string | null;
  sha3_256?: string | null;
  size?: number | null;
}

/** What the registry on chain says of one file; trust/registry.py reads it, and refuses any other shape. */
export interface RegistryAnswer {
  /** `unknown`: the registry has no such model. `unreachable`: it could not be asked. */
  status: "registered" | "revoked" | "unknown" | "unreachable";
  /** Always there for `registered`. */
  expected: ExpectedDigests | null;
  model: string;
  version: number | null;
  /** The account that published the version. */
  publisher: string;
  /** The registry's home chain. */
  chain: string;
  application: string;
  /** The home chain's block of the publication. */
  block: number | null;
  /** When it was read, in ISO 8601, where it is not fresh. */
  as_of: string | null;
  /** Why it was withdrawn, or why nobody could be asked. */
  reason: string;
}

export type Role = "model" | "tokenizer";

/** By the roles of the sources; null for a file that the registry was not asked about. */
export interface RegistryAnswers {
  model: RegistryAnswer | null;
  tokenizer: RegistryAnswer | null;
}

/** Only `registered`, `pinned` and an `unverified` file that was accepted are used. */
export type VerdictKind = "registered" | "pinned" | "unverified" | "refused" | "revoked";

/** What is known of a file's bytes, and whether they may be used. */
export interface Verdict {
  kind: VerdictKind;
  /** What the catalogue or the registry says; null where nobody vouches for the file. */
  expected: ExpectedDigests | null;
  /** What was computed from the bytes that arrived; null where none did. */
  actual: Digests | null;
  sentence: string;
  /** What the registry said, where it was asked. */
  registry: RegistryAnswer | null;
}

/** A file at an address. */
export interface UrlSource {
  kind: "url";
  url: string;
  name?: string;
}

/** A file that the person chose. */
export interface ChosenSource {
  kind: "file";
  file: File;
}

/** A file kept in this browser's own storage, named by its digest. */
export interface StoredSource {
  kind: "stored";
  sha256: string;
  name?: string;
}

export type ModelSource = UrlSource | ChosenSource | StoredSource;

/** One source of a model: what it is for, where it is, and what is said of it. */
export interface FileRequest {
  role: Role;
  /** An address may name a part of a model, or end with "/": what belongs to it is then loaded too. */
  source: ModelSource;
  /** The digest that the site's catalogue gives, or null where it does not have the file. */
  pinned: ExpectedDigests | null;
  /**
   * Where nothing is pinned, what the registry listed: by it the file is found in this browser, and kept.
   *
   * It vouches for nothing.
   */
  listed?: ExpectedDigests | null;
  /** The SHA-256 that the person has accepted as unverified, for all sources of this role together, or null. */
  accept?: string | null;
}

/** What a model is for: to write, or to make vectors of texts; `any` is what its architecture is for. */
export type Purpose = "write" | "embed" | "any";

export interface OpenRequest {
  /**
   * The model's files, and a tokenizer.bin where it is a llama2.c model, which carries none of its own.
   *
   * The model's first source names it. Of files that the person chose those are taken that are one model. What a model
   * in several files is known by is the SHA-256 of the list of all, as digest_list of digest.py makes it.
   */
  sources: FileRequest[];
  purpose?: Purpose;
  /**
   * Most tokens that a story may take with its prompt; null for as many as the model and the memory allow.
   *
   * Of its own accord the engine gives a cache 256 MiB at most; `positionBytes` says what more would take.
   */
  contextLength?: number | null;
  /**
   * The registry's answers follow in a message, and are waited for; both digests of every file are computed then.
   */
  asksRegistry?: boolean;
}

/**
 * `download` comes from the network, `read` from a local file or this browser's storage, `prepare` builds the model.
 */
export type LoadPhase = "connect" | "download" | "read" | "prepare";

/** All in bytes. */
export interface MemoryFigures {
  /** The memory that holds weights, cache and scratch. */
  arena: number;
  /** The memory of Python itself. */
  python: number;
  /** The part of the arena that the model's file takes. */
  model: number;
  /** The part of the arena that the key-value cache takes. */
  cache: number;
}

/** What a model's files tell of it. */
export interface FileInfo {
  /** The file's name, or the name its metadata give. */
  name: string;
  /** For example "gguf v3". */
  format: string;
  architecture: string;
  parameters: number;
  /** The block type that most of the weights have, for example "Q4_1". */
  quantisation: string;
  /** Whether it can answer a request: by a template, or because it reads before it writes. */
  hasChatTemplate: boolean;
  bytes: number;
  /** Of a model in several files those of their list. */
  digests: Digests;
  /** Each file's, of a model in several; else empty. */
  files: NamedDigests[];
  /** Those of a tokenizer's own file; null where the model's file has the tokenizer in it. */
  tokenizer: Digests | null;
  /** False where this browser has no room for the file, so that it is downloaded again next time. */
  stored: boolean;
}

/** What is known of a model that is open. */
export interface ModelInfo extends FileInfo {
  /** What the model was trained for. */
  contextLength: number;
  /** What a story may take here, prompt included. */
  sessionLength: number;
  /** What each position takes in memory: the cache has this, `sessionLength` times. */
  positionBytes: number;
  vocabulary: number;
}

export interface ReadyModel {
  kind: "ready";
  model: ModelInfo;
  verdict: Verdict;
  memory: MemoryFigures;
}

/** Nobody vouches for it. It waits, unparsed, for the same request with its digest as `accept`. */
export interface UnacceptedModel {
  kind: "needs-acceptance";
  role: Role;
  name: string;
  /** Each file, of a model in several; else empty. */
  files: NamedDigests[];
  verdict: Verdict;
}

export type OpenResult = ReadyModel | UnacceptedModel;

/**
 * How a prompt is taken: `raw` goes on from it as it is, `chat` puts it into the model's chat form as a request.
 *
 * `story` asks for a story in that form, and the prompt is the beginning of the answer.
 */
export type WriteMode = "raw" | "chat" | "story";

/** What would go on with a repeated sequence becomes less likely. */
export interface DrySettings {
  /** What a token loses that goes on with a sequence of the allowed length. */
  multiplier: number;
  /** By how much more for each further token of the sequence. */
  base: number;
  allowedLength: number;
  /** How many tokens back it looks; -1 is all of them. */
  lastN: number;
  /** Texts that no sequence goes beyond. */
  sequenceBreakers: string[];
}

/** Now and then all of the likeliest tokens but one are left out. */
export interface XtcSettings {
  probability: number;
  /** How likely they are at least. */
  threshold: number;
}

export interface SamplerSettings {
  /** A number from 0 to 2^64 - 1 in decimal. */
  seed: string;
  /** Null or under 1e-7: always the likeliest token. */
  temperature: number | null;
  topP: number | null;
  topK: number | null;
  minP: number | null;
  /** 1 for none. */
  repeatPenalty: number;
  repeatLastN: number;
  dry?: DrySettings | null;
  xtc?: XtcSettings | null;
}

export interface Limits {
  maxTokens: number;
  stop: string[];
  /** Before it has so many, the text does not end by itself. */
  minTokens?: number;
  /**
   * At maxTokens: `finish` writes up to 60 tokens more, until a sentence ends; `cut` ends with the last whole one.
   */
  endAtSentence?: "finish" | "cut" | null;
  /** How often the text goes on where the model would have ended it, as a record says that was continued there. */
  pastEnds?: number;
}

/** A note that stands in brackets in the story, where only the model sees it. */
export interface AuthorsNote {
  text: string;
  /** Before which paragraph, counted from the end: 1 is the last one. */
  depth: number;
}

/** Which request for a story. */
export interface RequestForm {
  /** A BCP 47 tag: en, zh-Hans, es or de. */
  language: string;
  /** As a record names it; null for the present request of the language. */
  sha256?: string | null;
}

export interface NewStory {
  kind: "new";
  /** An opening or a whole story so far; in `chat` a request. */
  prompt: string;
  mode: WriteMode;
  sampler: SamplerSettings;
  limits: Limits;
  /** What a chat template that asks for today's date is told, as 2026-02-03; null for the engine's fixed day. */
  date: string | null;
  /** For `story`; null for English. The note's brackets are in its language in every mode. */
  request?: RequestForm | null;
  /** What the model must not forget: in `story` a part of the request, in `raw` before the text. Not for `chat`. */
  memory?: string | null;
  /** Not for `chat`. */
  note?: AuthorsNote | null;
  /**
   * Where the prompt's passages begin, in units of UTF-16, the first one at 0. Not for `chat`.
   *
   * Where the story and `maxTokens` do not fit into the context, the first passage stays, and of the others as many
   * leave as have to, the oldest first. Without passages nothing is left out.
   */
  passages?: number[] | null;
}

/**
 * More of the present story, which becomes the one that a higher limit would have given.
 *
 * The same generator goes on, and so do prompt, settings and seed. After the model's own end the text goes on all the
 * same: another token is chosen in place of the one that ended it, and none of the next 32 can end it.
 */
export interface ContinuedStory {
  kind: "continue";
  maxTokens: number;
}

export type StartRequest = NewStory | ContinuedStory;

/** `stopped`: by the person. The others: end-of-text token, stop string, most tokens, context full. */
export type FinishReason = "stop" | "stop-string" | "length" | "context" | "stopped";

/** How fast a text is written, and what it takes. */
export interface WriteStats {
  promptTokens: number;
  /** Written so far, over all continuations. */
  tokens: number;
  prefillSeconds: number;
  /** From the request to the first token, in seconds; null before there is one. */
  timeToFirstToken: number | null;
  /** Of decoding alone; null before there are two tokens. */
  tokensPerSecond: number | null;
  memory: MemoryFigures;
}

/** What was run: everything that writes the story again. Canonical JSON, as record/record.py makes it. */
export type StoryRecord = { [key: string]: Json };

/** How the context is spent, in tokens: `request`, `memory`, `note` and `story` are the whole prompt. */
export interface PromptBudget {
  /** What the form of `story` takes; 0 in other modes. */
  request: number;
  memory: number;
  note: number;
  story: number;
  /** What is left for what is to be written. */
  room: number;
  /** The numbers of the passages that the model is not given, from 0 on. */
  leftOut: number[];
}

/** First: what was understood of the request. */
export interface StartedEvent {
  kind: "started";
  seed: string;
  promptTokens: number;
  sessionLength: number;
  /** What the chat template was told; null where it did not ask for the date. */
  date: string | null;
  budget: PromptBudget;
}

/** So many tokens of the prompt were read. */
export interface PrefillEvent {
  kind: "prefill";
  done: number;
  total: number;
}

/** A token, and the text that is sure by now, which may be empty. */
export interface TokenEvent {
  kind: "token";
  id: number;
  text: string;
  logprob: number;
}

/** The figures of the moment. */
export interface StatsEvent {
  kind: "stats";
  stats: WriteStats;
}

/**
 * The end of a text that token events gave, and that is no part of it: it is to end at a sentence.
 *
 * Where it goes on, these tokens come again.
 */
export interface TextCut {
  tokens: number;
  text: string;
}

/** Last: why the text ended. */
export interface FinishedEvent {
  kind: "finished";
  reason: FinishReason;
  /** Text that was held back until it was sure to be whole. */
  text: string;
  /** True where `continue` can go on from here. */
  canContinue: boolean;
  stats: WriteStats;
  record: StoryRecord;
  cut?: TextCut;
}

/** What happens while a text is written. */
export type WriteEvent = StartedEvent | PrefillEvent | TokenEvent | StatsEvent | FinishedEvent;

/** Asks what else could have stood in a text; the open model reads it again from where it has it no more. */
export interface AlternativesRequest {
  /** What the model was given, as the story's record has it. */
  promptTokens: number[];
  /** What stands after it, as the record has it. */
  tokens: number[];
  /** The number of the first token that is asked about, from 0 on. */
  begin: number;
  /**
   * The number behind the last one's. A single answer has to wait for all of them, so ask for a few dozen at once.
   */
  end: number;
  /** How many of the likeliest tokens are told of each place, from 1 to 100. */
  count: number;
}

/** A token that could stand at a place. */
export interface Alternative {
  id: number;
  /** With U+FFFD for a part of a character; empty for a token that ends the text, and for other special ones. */
  text: string;
  /** The natural logarithm of the probability that the model gives it, before any filter or penalty. */
  logprob: number;
}

/** A place of a text. */
export interface Place {
  /** What stands there. */
  chosen: Alternative;
  /** From the likeliest down; of equally likely ones the smaller id first. */
  likeliest: Alternative[];
}

/** An error as it crosses the thread border; EngineError (errors.ts) is the same with a stack. */
export interface ErrorData {
  /** Stable, kebab-case. */
  code: string;
  /** What happened and what to do, for a person. */
  message: string;
  details: { [key: string]: Json };
  /** There where a file was refused. */
  verdict: Verdict | null;
}

/** What is fixed about an engine, as far as Python knows it. */
export interface EngineFacts {
  /** Which build of the kernels runs: with the relaxed integer dot product, or without. Both give the same bits. */
  kernels: "relaxed" | "baseline";
  numericsVersion: number;
  version: string;
  python: string;
  memory: MemoryFigures;
}

/** What each method of Api (api.py) answers with, where it does not fail. */
export interface PythonResults {
  info: EngineFacts;
  open: OpenResult;
  judge: Verdict;
  start: WriteEvent[];
  /** Empty when there is nothing to write. The last batch ends with `finished`. */
  next: WriteEvent[];
  /** A batch that ends with `finished`, or an empty one where the story had ended by itself. */
  stop: WriteEvent[];
  /** One for each token that was asked about. Refused while a story is being written. */
  alternatives: Place[];
  embed: number[];
  close: null;
}
