// SPDX-License-Identifier: Apache-2.0
/** A played engine for tests of the stores. In: what each call shall give. Out: an EnginePort that notes what it was asked. */
import { EngineError } from "../../web/engine/errors";
import type { MemoryFigures, ModelInfo, OpenRequest, OpenResult, ReadyModel, RegistryAnswers, Verdict, WriteEvent, WriteRequest, WriteStats } from "../../web/engine/protocol"; // prettier-ignore
import type { EnginePort } from "../../web/app/lib/engine.svelte";

export const MEMORY: MemoryFigures = { arena: 100, python: 50, model: 80, cache: 10 };
const DIGESTS = { sha256: "c".repeat(64), sha3_256: null, size: 80 };

export const MODEL: ModelInfo = {
  name: "A tiny model",
  format: "GGUF v3",
  architecture: "llama",
  parameters: 1000,
  contextLength: 128,
  sessionLength: 128,
  positionBytes: 512,
  vocabulary: 64,
  quantisation: "F32",
  hasChatTemplate: false,
  bytes: 80,
  digests: DIGESTS,
  files: [],
  tokenizer: null,
  stored: true,
};

export function verdict(kind: Verdict["kind"], sha256 = DIGESTS.sha256): Verdict {
  return { kind, expected: null, actual: { ...DIGESTS, sha256 }, sentence: "", registry: null };
}

export const READY: ReadyModel = { kind: "ready", model: MODEL, verdict: verdict("pinned"), memory: MEMORY };

export function unaccepted(role: "model" | "tokenizer", name: string, sha256?: string): OpenResult {
  return { kind: "needs-acceptance", role, name, files: [], verdict: verdict("unverified", sha256) };
}

export function stats(tokens: number): WriteStats {
  return {
    promptTokens: 3,
    tokens,
    prefillSeconds: 0,
    timeToFirstToken: 0,
    tokensPerSecond: 1,
    memory: MEMORY,
  };
}

export function finished(tokens: number, reason: "stop" | "length" | "stopped" = "length"): WriteEvent {
  const canContinue = reason !== "stop";
  return { kind: "finished", reason, text: "", canContinue, stats: stats(tokens), record: { tokens } };
}

export function tokens(...texts: string[]): WriteEvent[] {
  return texts.map((text, id) => ({ kind: "token", id, text, logprob: -1 }));
}

export class PlayedEngine implements EnginePort {
  /** What the played template is told. */
  date: string | null = null;
  opened: OpenRequest[] = [];
  /** What was awaited with the last request, and what was to be judged since. */
  answers: RegistryAnswers | null = null;
  judged: RegistryAnswers[] = [];
  verdicts: Verdict[] = [];
  written: WriteRequest[] = [];
  opens: (OpenResult | EngineError)[] = [READY];
  stories: (WriteEvent[] | EngineError)[] = [];
  /** Called before each event of a story. */
  before: (event: WriteEvent) => void = () => undefined;

  useThreads: EnginePort["useThreads"] = async (count) => count;

  ready: EnginePort["ready"] = async () => ({
    kernels: "relaxed",
    threads: 2,
    threadsAsked: 0,
    kernelsReason: null,
    threadsReason: null,
    numericsVersion: 1,
    version: "0.1.0",
    python: "3.14",
    pyodide: "314",
    timings: {},
    memory: MEMORY,
  });

  judge: EnginePort["judge"] = async (answers) => {
    this.judged.push(answers);
    return this.verdicts.shift() ?? verdict("pinned");
  };

  open: EnginePort["open"] = async (request, _progress, signal, registry) => {
    this.opened.push(request);
    if (registry) this.answers = await registry;
    const next = this.opens.shift() ?? READY;
    await Promise.resolve(); // as long as a real one takes, at the least
    if (signal?.aborted === true) throw new EngineError({ code: "cancelled", message: "Stopped." });
    if (next instanceof EngineError) throw next;
    return next;
  };

  async *write(request: WriteRequest, signal?: AbortSignal): AsyncGenerator<WriteEvent, void, void> {
    this.written.push(request);
    const seed = request.kind === "new" ? (request.sampler.seed ?? "777") : "777";
    const budget = { request: 0, memory: 0, note: 0, story: 3, room: 125, leftOut: [] };
    yield { kind: "started", seed, promptTokens: 3, sessionLength: 128, date: this.date, budget };
    const story = this.stories.shift() ?? [finished(0, "stop")];
    if (story instanceof EngineError) throw story;
    for (const event of story) {
      this.before(event);
      if (signal?.aborted === true) {
        yield finished(1, "stopped");
        return;
      }
      yield event;
    }
  }

  storage: EnginePort["storage"] = async () => ({
    available: false,
    models: [],
    halves: [],
    used: 0,
    free: null,
  });
}

/** The digest of the model that each request accepts. */
export function acceptedOf({ opened }: Pick<PlayedEngine, "opened">): (string | null)[] {
  return opened.map(({ sources: [model] }) => model?.accept ?? null);
}
