// SPDX-License-Identifier: Apache-2.0
/**
 * The package's one entry: everything that a program outside needs.
 *
 * `Taleproof.start` starts the engine, `open` opens a model by its digest, `generate` writes.
 */

export { Taleproof, type OpenOptions, type StartOptions } from "./door/taleproof";
export type { Completions, CompletionOptions } from "./door/completions";
export type { Model } from "./door/model";
export type * from "./door/openai";
export { DEFAULTS, type GenerateOptions, type Settings } from "./door/settings";
export type { FileSource, ModelSource, Purpose, UnverifiedFile } from "./door/source";
export { EngineError } from "./errors";
export type {
  Alternative,
  AuthorsNote,
  Digests,
  EngineFacts,
  EngineInfo,
  ErrorData,
  ExpectedDigests,
  FileInfo,
  FinishedEvent,
  FinishReason,
  HalfDownload,
  Json,
  LoadPhase,
  LoadProgress,
  MemoryFigures,
  ModelInfo,
  NamedDigests,
  Place,
  PrefillEvent,
  PromptBudget,
  RegistryAnswer,
  StartedEvent,
  StartProgress,
  StartStep,
  StatsEvent,
  StorageReport,
  StoredModel,
  StoryRecord,
  TextCut,
  TokenEvent,
  Verdict,
  VerdictKind,
  WriteEvent,
  WriteStats,
} from "./protocol";
export { VERSION } from "./version";
