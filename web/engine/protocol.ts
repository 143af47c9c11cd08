// SPDX-License-Identifier: Apache-2.0
/**
 * What the page and the engine worker say to each other.
 *
 * In: requests of the page, each with a number. Out: replies with the same number, progress of a request that takes
 * long, and one last message when the worker is beyond help. The page pulls: a story goes on only when the page asks
 * for the next batch, so that stopping is not asking. Everything here is plain data that a structured clone carries.
 * What goes on to Python, or comes from it, is in protocol.gen.ts, which is made of Python's own types.
 */

import type { HelperTask } from "./memory/team";
import type {
  AlternativesRequest,
  ContinuedStory,
  EngineFacts,
  ErrorData,
  LoadPhase,
  NewStory,
  OpenRequest,
  PythonResults,
  RegistryAnswers,
  SamplerSettings,
  StartRequest,
} from "./protocol.gen";

export type * from "./protocol.gen";

/* ---- starting ---------------------------------------------------------------------------------------------------- */

/** The steps of the engine's start, in the order in which they usually end. `script` ends when the worker's own script runs. */
export type StartStep = "script" | "kernels" | "python" | "packages" | "engine" | "ready";

/** How far the start of the engine is. */
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

/** What Python knows of the engine, and what the worker does. */
export interface EngineInfo extends EngineFacts {
  /** Why it is the slower build, where the browser should run the faster one; else null. */
  kernelsReason: string | null;
  /** How many threads there are to compute with; the bits do not depend on it. */
  threads: number;
  /** How many of them are to be used; 0 for as many as are fastest, which the engine finds out while it writes. */
  threadsAsked: number;
  /** Why there is only one, where the device has more cores; else null. */
  threadsReason: string | null;
  pyodide: string;
  /** Milliseconds from the start of the worker to the end of each step. */
  timings: Record<string, number>;
}

/* ---- opening a model --------------------------------------------------------------------------------------------- */

/** How far a model on its way is. */
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

/** A file that this browser keeps, named by its digest. */
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

/** What this browser keeps for the page. */
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

/**
 * What the page asks for; a seed of null means a random one, which the `started` event then tells. Without a date it is
 * today's, by this device's calendar.
 */
export type WriteRequest =
  | (Omit<NewStory, "sampler" | "date"> & {
      sampler: Omit<SamplerSettings, "seed"> & { seed: string | null };
      date?: string | null;
    })
  | ContinuedStory;

/* ---- messages ---------------------------------------------------------------------------------------------------- */

/** Every request with its arguments, the data of its progress and its result. */
export interface Requests {
  init: { args: StartArgs; progress: StartProgress; result: EngineInfo };
  open: { args: OpenRequest; progress: LoadProgress; result: PythonResults["open"] };
  /** The verdict on the open model under newer answers of the registry. */
  judge: { args: RegistryAnswers; progress: never; result: PythonResults["judge"] };
  start: { args: StartRequest; progress: never; result: PythonResults["start"] };
  next: { args: null; progress: never; result: PythonResults["next"] };
  /** The person has had enough. */
  stop: { args: null; progress: never; result: PythonResults["stop"] };
  /** What else could have stood in a text. */
  alternatives: { args: AlternativesRequest; progress: never; result: PythonResults["alternatives"] };
  /** The vector of a text, of length 1, by the open encoder. */
  embed: { args: { text: string }; progress: never; result: PythonResults["embed"] };
  close: { args: null; progress: never; result: PythonResults["close"] };
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

/** One of the helpers that the worker wanted is ready, or what failed. */
export interface HelperMessage {
  kind: "helper";
  failure: string | null;
}

export type ReplyMessage =
  | { id: number; kind: "result"; result: Requests[RequestKind]["result"] }
  | { id: number; kind: "error"; error: ErrorData }
  | { id: number; kind: "progress"; progress: StartProgress | LoadProgress }
  /** Wants helpers for these tasks, in place of those that there are (memory/helpers.ts). */
  | { kind: "helpers"; tasks: HelperTask[] }
  /** The worker can go no further; everything pending is lost. */
  | { kind: "crash"; error: ErrorData };
