// SPDX-License-Identifier: Apache-2.0
// Made by scripts/protocol.py of the types in py/taleproof/apps/worker/protocol. Change those, then run `npm run setup`.

import * as v from "valibot";

const Json: v.GenericSchema = v.lazy(() =>
  v.union([v.string(), v.number(), v.boolean(), v.null(), v.array(Json), v.record(v.string(), Json)]),
);

const Digests = v.strictObject({
  sha256: v.string(),
  sha3_256: v.union([v.string(), v.null()]),
  size: v.pipe(v.number(), v.safeInteger()),
});

const NamedDigests = v.strictObject({
  ...Digests.entries,
  name: v.string(),
});

const ExpectedDigests = v.strictObject({
  sha256: v.union([v.string(), v.null()]),
  sha3_256: v.exactOptional(v.union([v.string(), v.null()])),
  size: v.exactOptional(v.union([v.pipe(v.number(), v.safeInteger()), v.null()])),
});

const RegistryAnswer = v.strictObject({
  status: v.picklist(["registered", "revoked", "unknown", "unreachable"]),
  expected: v.union([ExpectedDigests, v.null()]),
  model: v.string(),
  version: v.union([v.pipe(v.number(), v.safeInteger()), v.null()]),
  publisher: v.string(),
  chain: v.string(),
  application: v.string(),
  block: v.union([v.pipe(v.number(), v.safeInteger()), v.null()]),
  as_of: v.union([v.string(), v.null()]),
  reason: v.string(),
});

const Role = v.picklist(["model", "tokenizer"]);

const RegistryAnswers = v.strictObject({
  model: v.union([RegistryAnswer, v.null()]),
  tokenizer: v.union([RegistryAnswer, v.null()]),
});

const VerdictKind = v.picklist(["registered", "pinned", "unverified", "refused", "revoked"]);

const Verdict = v.strictObject({
  kind: VerdictKind,
  expected: v.union([ExpectedDigests, v.null()]),
  actual: v.union([Digests, v.null()]),
  sentence: v.string(),
  registry: v.union([RegistryAnswer, v.null()]),
});

const UrlSource = v.strictObject({
  kind: v.picklist(["url"]),
  url: v.string(),
  name: v.exactOptional(v.string()),
});

const ChosenSource = v.strictObject({
  kind: v.picklist(["file"]),
  file: v.strictObject({}),
});

const StoredSource = v.strictObject({
  kind: v.picklist(["stored"]),
  sha256: v.string(),
  name: v.exactOptional(v.string()),
});

const ModelSource = v.union([UrlSource, ChosenSource, StoredSource]);

const FileRequest = v.strictObject({
  role: Role,
  source: ModelSource,
  pinned: v.union([ExpectedDigests, v.null()]),
  listed: v.exactOptional(v.union([ExpectedDigests, v.null()])),
  accept: v.exactOptional(v.union([v.string(), v.null()])),
});

const Purpose = v.picklist(["write", "embed", "any"]);

const OpenRequest = v.strictObject({
  sources: v.array(FileRequest),
  purpose: v.exactOptional(Purpose),
  contextLength: v.exactOptional(v.union([v.pipe(v.number(), v.safeInteger()), v.null()])),
  asksRegistry: v.exactOptional(v.boolean()),
});

const LoadPhase = v.picklist(["connect", "download", "read", "prepare"]);

const MemoryFigures = v.strictObject({
  arena: v.pipe(v.number(), v.safeInteger()),
  python: v.pipe(v.number(), v.safeInteger()),
  model: v.pipe(v.number(), v.safeInteger()),
  cache: v.pipe(v.number(), v.safeInteger()),
});

const FileInfo = v.strictObject({
  name: v.string(),
  format: v.string(),
  architecture: v.string(),
  parameters: v.pipe(v.number(), v.safeInteger()),
  quantisation: v.string(),
  hasChatTemplate: v.boolean(),
  bytes: v.pipe(v.number(), v.safeInteger()),
  digests: Digests,
  files: v.array(NamedDigests),
  tokenizer: v.union([Digests, v.null()]),
  stored: v.boolean(),
});

const ModelInfo = v.strictObject({
  ...FileInfo.entries,
  contextLength: v.pipe(v.number(), v.safeInteger()),
  sessionLength: v.pipe(v.number(), v.safeInteger()),
  positionBytes: v.pipe(v.number(), v.safeInteger()),
  vocabulary: v.pipe(v.number(), v.safeInteger()),
});

const ReadyModel = v.strictObject({
  kind: v.picklist(["ready"]),
  model: ModelInfo,
  verdict: Verdict,
  memory: MemoryFigures,
});

const UnacceptedModel = v.strictObject({
  kind: v.picklist(["needs-acceptance"]),
  role: Role,
  name: v.string(),
  files: v.array(NamedDigests),
  verdict: Verdict,
});

const OpenResult = v.union([ReadyModel, UnacceptedModel]);

const WriteMode = v.picklist(["raw", "chat", "story"]);

const DrySettings = v.strictObject({
  multiplier: v.pipe(v.number(), v.finite()),
  base: v.pipe(v.number(), v.finite()),
  allowedLength: v.pipe(v.number(), v.safeInteger()),
  lastN: v.pipe(v.number(), v.safeInteger()),
  sequenceBreakers: v.array(v.string()),
});

const XtcSettings = v.strictObject({
  probability: v.pipe(v.number(), v.finite()),
  threshold: v.pipe(v.number(), v.finite()),
});

const SamplerSettings = v.strictObject({
  seed: v.string(),
  temperature: v.union([v.pipe(v.number(), v.finite()), v.null()]),
  topP: v.union([v.pipe(v.number(), v.finite()), v.null()]),
  topK: v.union([v.pipe(v.number(), v.safeInteger()), v.null()]),
  minP: v.union([v.pipe(v.number(), v.finite()), v.null()]),
  repeatPenalty: v.pipe(v.number(), v.finite()),
  repeatLastN: v.pipe(v.number(), v.safeInteger()),
  dry: v.exactOptional(v.union([DrySettings, v.null()])),
  xtc: v.exactOptional(v.union([XtcSettings, v.null()])),
});

const Limits = v.strictObject({
  maxTokens: v.pipe(v.number(), v.safeInteger()),
  stop: v.array(v.string()),
  minTokens: v.exactOptional(v.pipe(v.number(), v.safeInteger())),
  endAtSentence: v.exactOptional(v.union([v.picklist(["finish", "cut"]), v.null()])),
  pastEnds: v.exactOptional(v.pipe(v.number(), v.safeInteger())),
});

const AuthorsNote = v.strictObject({
  text: v.string(),
  depth: v.pipe(v.number(), v.safeInteger()),
});

const RequestForm = v.strictObject({
  language: v.string(),
  sha256: v.exactOptional(v.union([v.string(), v.null()])),
});

const NewStory = v.strictObject({
  kind: v.picklist(["new"]),
  prompt: v.string(),
  mode: WriteMode,
  sampler: SamplerSettings,
  limits: Limits,
  date: v.union([v.string(), v.null()]),
  request: v.exactOptional(v.union([RequestForm, v.null()])),
  memory: v.exactOptional(v.union([v.string(), v.null()])),
  note: v.exactOptional(v.union([AuthorsNote, v.null()])),
  passages: v.exactOptional(v.union([v.array(v.pipe(v.number(), v.safeInteger())), v.null()])),
});

const ContinuedStory = v.strictObject({
  kind: v.picklist(["continue"]),
  maxTokens: v.pipe(v.number(), v.safeInteger()),
});

const StartRequest = v.union([NewStory, ContinuedStory]);

const FinishReason = v.picklist(["stop", "stop-string", "length", "context", "stopped"]);

const WriteStats = v.strictObject({
  promptTokens: v.pipe(v.number(), v.safeInteger()),
  tokens: v.pipe(v.number(), v.safeInteger()),
  prefillSeconds: v.pipe(v.number(), v.finite()),
  timeToFirstToken: v.union([v.pipe(v.number(), v.finite()), v.null()]),
  tokensPerSecond: v.union([v.pipe(v.number(), v.finite()), v.null()]),
  memory: MemoryFigures,
});

const StoryRecord = v.record(v.string(), Json);

const PromptBudget = v.strictObject({
  request: v.pipe(v.number(), v.safeInteger()),
  memory: v.pipe(v.number(), v.safeInteger()),
  note: v.pipe(v.number(), v.safeInteger()),
  story: v.pipe(v.number(), v.safeInteger()),
  room: v.pipe(v.number(), v.safeInteger()),
  leftOut: v.array(v.pipe(v.number(), v.safeInteger())),
});

const StartedEvent = v.strictObject({
  kind: v.picklist(["started"]),
  seed: v.string(),
  promptTokens: v.pipe(v.number(), v.safeInteger()),
  sessionLength: v.pipe(v.number(), v.safeInteger()),
  date: v.union([v.string(), v.null()]),
  budget: PromptBudget,
});

const PrefillEvent = v.strictObject({
  kind: v.picklist(["prefill"]),
  done: v.pipe(v.number(), v.safeInteger()),
  total: v.pipe(v.number(), v.safeInteger()),
});

const TokenEvent = v.strictObject({
  kind: v.picklist(["token"]),
  id: v.pipe(v.number(), v.safeInteger()),
  text: v.string(),
  logprob: v.pipe(v.number(), v.finite()),
});

const StatsEvent = v.strictObject({
  kind: v.picklist(["stats"]),
  stats: WriteStats,
});

const TextCut = v.strictObject({
  tokens: v.pipe(v.number(), v.safeInteger()),
  text: v.string(),
});

const FinishedEvent = v.strictObject({
  kind: v.picklist(["finished"]),
  reason: FinishReason,
  text: v.string(),
  canContinue: v.boolean(),
  stats: WriteStats,
  record: StoryRecord,
  cut: v.exactOptional(TextCut),
});

const WriteEvent = v.union([StartedEvent, PrefillEvent, TokenEvent, StatsEvent, FinishedEvent]);

const AlternativesRequest = v.strictObject({
  promptTokens: v.array(v.pipe(v.number(), v.safeInteger())),
  tokens: v.array(v.pipe(v.number(), v.safeInteger())),
  begin: v.pipe(v.number(), v.safeInteger()),
  end: v.pipe(v.number(), v.safeInteger()),
  count: v.pipe(v.number(), v.safeInteger()),
});

const Alternative = v.strictObject({
  id: v.pipe(v.number(), v.safeInteger()),
  text: v.string(),
  logprob: v.pipe(v.number(), v.finite()),
});

const Place = v.strictObject({
  chosen: Alternative,
  likeliest: v.array(Alternative),
});

const ErrorData = v.strictObject({
  code: v.string(),
  message: v.string(),
  details: v.record(v.string(), Json),
  verdict: v.union([Verdict, v.null()]),
});

const EngineFacts = v.strictObject({
  kernels: v.picklist(["relaxed", "baseline"]),
  numericsVersion: v.pipe(v.number(), v.safeInteger()),
  version: v.string(),
  python: v.string(),
  memory: MemoryFigures,
});

const PythonResults = v.strictObject({
  info: EngineFacts,
  open: OpenResult,
  judge: Verdict,
  start: v.array(WriteEvent),
  next: v.array(WriteEvent),
  stop: v.array(WriteEvent),
  alternatives: v.array(Place),
  embed: v.array(v.pipe(v.number(), v.finite())),
  close: v.null(),
});

export const schemas = {
  Digests,
  NamedDigests,
  ExpectedDigests,
  RegistryAnswer,
  Role,
  RegistryAnswers,
  VerdictKind,
  Verdict,
  UrlSource,
  ChosenSource,
  StoredSource,
  ModelSource,
  FileRequest,
  Purpose,
  OpenRequest,
  LoadPhase,
  MemoryFigures,
  FileInfo,
  ModelInfo,
  ReadyModel,
  UnacceptedModel,
  OpenResult,
  WriteMode,
  DrySettings,
  XtcSettings,
  SamplerSettings,
  Limits,
  AuthorsNote,
  RequestForm,
  NewStory,
  ContinuedStory,
  StartRequest,
  FinishReason,
  WriteStats,
  StoryRecord,
  PromptBudget,
  StartedEvent,
  PrefillEvent,
  TokenEvent,
  StatsEvent,
  TextCut,
  FinishedEvent,
  WriteEvent,
  AlternativesRequest,
  Alternative,
  Place,
  ErrorData,
  EngineFacts,
  PythonResults,
};
