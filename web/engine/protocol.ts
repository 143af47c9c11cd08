// SPDX-License-Identifier: Apache-2.0
/**
 * What the page and the engine worker say to each other.
 *
 * In: requests of the page, each with a number. Out: replies with the same number, progress of a request that takes
 * long, and one last message when the worker is beyond help. The page pulls: a story goes on only when the page asks
 * for the next batch, so that stopping is not asking. Everything here is plain data that a structured clone carries.
 */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/* ---- starting ---------------------------------------------------------------------------------------------------- */

/** The steps of the engine's start, in the order in which they usually end. `script` ends when the worker's own script runs. */
export type StartStep = "script" | "kernels" | "python" | "packages" | "engine" | "ready";

export interface StartProgress {
  step: StartStep;
  /** Of the whole start, 0 to 1. */
  fraction: number;
}

/** What the page gives a worker that starts. */
export interface StartArgs {
  /** The address of the site. */
  base: string;
  /** The name of a lock (navigator.locks) that the worker holds as long as it lives. */
  lock: string;
  /** Shared memory, one byte, where the page writes SIGINT's number to interrupt Python; null where none can be shared. */
  interrupts: Uint8Array | null;
}

export interface EngineInfo {
  /** Which build of the kernels runs: with the relaxed integer dot product, or without. Both give the same bits. */
  kernels: "relaxed" | "baseline";
  /** Why it is the slower build, where the browser should run the faster one; else null. */
  kernelsReason: string | null;
  /** How many threads there are to compute with; the bits do not depend on it. */
  threads: number;
  /** How many of them are to be used; 0 for as many as are fastest, which the engine finds out while it writes. */
  threadsAsked: number;
  /** Why there is only one, where the device has more cores; else null. */
  threadsReason: string | null;
  numericsVersion: number;
  version: string;
  python: string;
  pyodide: string;
  /** Milliseconds from the start of the worker to the end of each step. */
  timings: Record<string, number>;
  memory: MemoryFigures;
}

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

/* ---- opening a model --------------------------------------------------------------------------------------------- */

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

/** By the roles of an OpenRequest; null for a file that the registry was not asked about. */
export interface RegistryAnswers {
  model: RegistryAnswer | null;
  tokenizer: RegistryAnswer | null;
}

export type VerdictKind = "registered" | "pinned" | "unverified" | "refused" | "revoked";

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

/** `stored` is a file kept in this browser's own storage, named by its digest. */
export type ModelSource =
  | { kind: "url"; url: string; name?: string }
  | { kind: "file"; file: File }
  | { kind: "stored"; sha256: string; name?: string };

/** A file that is wanted, and what is said of it. */
export type FileRequest = Pick<OpenRequest, "source" | "pinned" | "listed">;

export interface OpenRequest {
  /** An address may name a part of a model, or end with "/": what belongs to it is then loaded too. */
  source: ModelSource;
  /**
   * Further files, of a model in several. Of files that the person chose those are taken that are one model. What the
   * model is known by is then the SHA-256 of the list of all, as digest_list of digest.py makes it.
   */
  files?: FileRequest[];
  /** The digest that the site's catalogue gives, or null where it does not have the file. */
  pinned: ExpectedDigests | null;
  /** Where nothing is pinned, what the registry listed: by it the file is found in this browser, and kept. It vouches for nothing. */
  listed?: ExpectedDigests | null;
  /** What the model is for: to write, or to make vectors of texts. */
  purpose?: "write" | "embed";
  /** The SHA-256 that the person has accepted as unverified, or null. */
  accept?: string | null;
  /** A tokenizer.bin for a llama2.c model, which carries none of its own. */
  tokenizer?: Pick<OpenRequest, "source" | "pinned" | "listed" | "accept"> | null;
  /** Most tokens that a story may take with its prompt; null for as many as the model and the memory allow. */
  contextLength?: number | null;
  /** The registry's answers follow in a message, and are waited for; both digests of every file are computed then. */
  asksRegistry?: boolean;
}

/** `download` comes from the network, `read` from a local file or this browser's storage, `prepare` builds the model. */
export type LoadPhase = "connect" | "download" | "read" | "prepare";

export interface LoadProgress {
  phase: LoadPhase;
  file: string;
  bytes: number;
  /** Null where the server does not say. */
  total: number | null;
  /** Bytes a second, over the last seconds. */
  rate: number;
  secondsLeft: number | null;
}

export interface ModelInfo {
  /** The file's name, or the name its metadata give. */
  name: string;
  /** For example "gguf v3". */
  format: string;
  architecture: string;
  parameters: number;
  /** What the model was trained for. */
  contextLength: number;
  /** What a story may take here, prompt included. */
  sessionLength: number;
  vocabulary: number;
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

export type OpenResult =
  | { kind: "ready"; model: ModelInfo; verdict: Verdict; memory: MemoryFigures }
  /** Nobody vouches for it. It waits, unparsed, for the same request with its digest as `accept`. */
  | {
      kind: "needs-acceptance";
      role: "model" | "tokenizer";
      name: string;
      /** Each file, of a model in several; else empty. */
      files: NamedDigests[];
      verdict: Verdict;
    };

export interface StoredModel {
  sha256: string;
  name: string;
  /** Null where the browser could not tell. */
  bytes: number | null;
}

/** A download that broke off and will be resumed, under the digest that it is to have. */
export interface HalfDownload {
  sha256: string;
  /** Null where the browser could not tell. */
  bytes: number | null;
}

export interface StorageReport {
  /** False where the browser offers no storage for files, for example in some private windows. */
  available: boolean;
  models: StoredModel[];
  halves: HalfDownload[];
  /** Bytes of everything kept, unfinished downloads included. */
  used: number;
  /** What the browser says is left for this site; null where it does not say. */
  free: number | null;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

export type WriteMode = "raw" | "chat";

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
}

export interface Limits {
  maxTokens: number;
  stop: string[];
}

/**
 * A new story, or more of the present one. A story that is continued is the one that a higher limit would have given:
 * the same generator goes on, and so do prompt, settings and seed.
 */
export type StartRequest =
  | {
      kind: "new";
      prompt: string;
      mode: WriteMode;
      sampler: SamplerSettings;
      limits: Limits;
      /** What a chat template that asks for today's date is told, as 2026-02-03; null for the engine's fixed day. */
      date: string | null;
    }
  | { kind: "continue"; maxTokens: number };

/**
 * What the page asks for; a seed of null means a random one, which the `started` event then tells. Without a date it is
 * today's, by this device's calendar.
 */
export type WriteRequest =
  | {
      kind: "new";
      prompt: string;
      mode: WriteMode;
      sampler: Omit<SamplerSettings, "seed"> & { seed: string | null };
      limits: Limits;
      date?: string | null;
    }
  | { kind: "continue"; maxTokens: number };

/** `stopped`: by the person. The others: end-of-text token, stop string, most tokens, context full. */
export type FinishReason = "stop" | "stop-string" | "length" | "context" | "stopped";

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

export type WriteEvent =
  | {
      kind: "started";
      seed: string;
      promptTokens: number;
      sessionLength: number;
      /** What the chat template was told; null where it did not ask for the date. */
      date: string | null;
    }
  | { kind: "prefill"; done: number; total: number }
  | { kind: "token"; id: number; text: string; logprob: number }
  | { kind: "stats"; stats: WriteStats }
  | {
      kind: "finished";
      reason: FinishReason;
      /** Text that was held back until it was sure to be whole. */
      text: string;
      /** True where `continue` can go on from here. */
      canContinue: boolean;
      stats: WriteStats;
      record: StoryRecord;
    };

/* ---- errors ------------------------------------------------------------------------------------------------------ */

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

/* ---- messages ---------------------------------------------------------------------------------------------------- */

/** Every request with its arguments, the data of its progress and its result. */
export interface Requests {
  init: { args: StartArgs; progress: StartProgress; result: EngineInfo };
  open: { args: OpenRequest; progress: LoadProgress; result: OpenResult };
  /** The verdict on the open model under newer answers of the registry. */
  judge: { args: RegistryAnswers; progress: never; result: Verdict };
  start: { args: StartRequest; progress: never; result: WriteEvent[] };
  /** Empty when there is nothing to write. The last batch ends with `finished`. */
  next: { args: null; progress: never; result: WriteEvent[] };
  /** The person has had enough: a batch that ends with `finished`, or an empty one where it had ended by itself. */
  stop: { args: null; progress: never; result: WriteEvent[] };
  /** The vector of a text, of length 1, by the open encoder. */
  embed: { args: { text: string }; progress: never; result: number[] };
  close: { args: null; progress: never; result: null };
  /** How many threads to use from now on, of those that there are, 0 for as many as are fastest; the answer is what holds. */
  threads: { args: { count: number }; progress: never; result: number };
  storage: { args: { remove: string | null }; progress: never; result: StorageReport };
}

export type RequestKind = keyof Requests;

export type RequestMessage =
  | { [K in RequestKind]: { id: number; kind: K; args: Requests[K]["args"] } }[RequestKind]
  /** Ends the request with this number early; it then fails with the code `cancelled`. */
  | { id: number; kind: "cancel"; args: null }
  /** The answers that the `open` request with this number waits for. */
  | { id: number; kind: "registry"; args: RegistryAnswers };

export type ReplyMessage =
  | { id: number; kind: "result"; result: Requests[RequestKind]["result"] }
  | { id: number; kind: "error"; error: ErrorData }
  | { id: number; kind: "progress"; progress: StartProgress | LoadProgress }
  /** The worker can go no further; everything pending is lost. */
  | { kind: "crash"; error: ErrorData };
