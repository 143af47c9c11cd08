// SPDX-License-Identifier: Apache-2.0
/**
 * What the engine worker does, apart from how messages reach it.
 *
 * In: typed requests, answered one after the other. Out: results, progress, or an EngineError. Kernels, Python and the
 * first connection of a download are started side by side. Python sees the page's means (arena, storage, downloads) as
 * objects and answers in JSON, so that no proxy of a Python object outlives a call.
 */

import type { PyodideAPI } from "pyodide";
import { cancelled, EngineError } from "../errors";
import type { Arena } from "../memory/arena";
import { makeArena } from "../memory/make-arena";
import type { HelperLink } from "../memory/team";
import { Fetcher } from "../network/fetcher";
import { RateMeter } from "../network/rate";
import type {
  EngineInfo,
  ErrorData,
  LoadPhase,
  LoadProgress,
  OpenRequest,
  OpenResult,
  Purpose,
  PythonResults,
  RegistryAnswers,
  Role,
  RoleRequest,
  StartArgs,
  StartProgress,
  StartRequest,
  StartStep,
  StorageReport,
  Verdict,
  WriteEvent,
} from "../protocol";
import { startPython } from "../python/python";
import { untilAborted } from "../rpc/until-aborted";
import { LocalFile } from "../storage/local-file";
import { ModelStorage } from "../storage/storage";

/** The Api of apps/worker/api.py. Its methods answer with JSON: {"ok": result} or {"error": ErrorData}. */
interface PythonApi {
  open(
    sources: Source[],
    purpose: Purpose,
    context: number | undefined,
    progress: (phase: LoadPhase, file: string, bytes: number, total: number | undefined) => void,
    stopped: () => boolean,
    registry: (() => Promise<string>) | undefined,
  ): Promise<string>;
  judge(answers: string): string;
  cancel(): Promise<void>;
  start(request: string): string;
  next(): string;
  stop(): string;
  embed(text: string): string;
  close(): Promise<string>;
  info(): string;
  random_bytes(count: number): Uint8Array;
}

/** One source of a request, as Python is given it: a RoleRequest in JSON, and the file where the person chose one. */
interface Source {
  role: Role;
  request: string;
  file: LocalFile | undefined;
}

/** What apps/worker/api.py is given; see Means there. */
interface Means {
  arena: Arena;
  storage: ModelStorage;
  fetcher: Fetcher;
  device_bytes: number | undefined;
  python_bytes(): number;
}

interface WorkerModule {
  create(means: Means): PythonApi;
}

/** Progress of a load is told at most so often. */
const PROGRESS_MS = 100;

/** Shares of the whole start, in the order in which the steps end on a warm cache. */
const START_SHARES: Record<StartStep, number> = {
  script: 0,
  kernels: 0.1,
  python: 0.65,
  packages: 0.9,
  engine: 1,
  ready: 1,
};

export class EngineHost {
  private readonly fetcher = new Fetcher();
  private readonly storage = new ModelStorage();
  private ready: Promise<PythonApi> | null = null;
  private arena: Arena | null = null;
  private threadsReason: string | null = null;
  private api: PythonApi | null = null;
  private python: PyodideAPI | null = null;
  private readonly timings: Record<string, number> = {};

  /** @param helpers the way to the page, which starts the kernels' threads */
  constructor(private readonly helpers: HelperLink) {}

  /**
   * Starts everything; a second call waits for the first. The first progress is told at once, before anything is fetched
   * or compiled: from then on the page watches the lock, and waits as long as the worker lives.
   */
  async init(args: StartArgs, progress: (progress: StartProgress) => void): Promise<EngineInfo> {
    this.ready ??= this.begin(args, progress); // at once: a request that comes after this one waits for it
    this.api = await this.ready;
    const info = unwrap<PythonResults["info"]>(this.api.info());
    const { arena, threadsReason, timings } = this;
    return {
      ...info,
      kernelsReason: arena?.kernelsReason ?? null,
      threads: arena?.threads ?? 1,
      threadsAsked: arena?.threadsAsked ?? 0,
      threadsReason,
      pyodide: this.python?.version ?? "",
      timings,
    };
  }

  /** @param registry the registry's answers, for a request that asks it. */
  async open(
    request: OpenRequest,
    progress: (progress: LoadProgress) => void,
    signal: AbortSignal,
    registry: Promise<RegistryAnswers> | undefined,
  ): Promise<OpenResult> {
    await this.connectEarly(request);
    const api = await untilAborted(this.started(), signal).catch((thrown: unknown) => {
      void this.fetcher.forget();
      throw thrown;
    });
    const cancel = (): void => void api.cancel();
    signal.addEventListener("abort", cancel);
    try {
      const tell = throttled(progress);
      const sources = sourcesOf(request);
      const { purpose = "write", contextLength } = request;
      const ask =
        registry && (() => untilAborted(registry, signal).then((answers) => JSON.stringify(answers)));
      const stopped = (): boolean => signal.aborted;
      const answer = await api.open(sources, purpose, contextLength ?? undefined, tell, stopped, ask);
      return unwrap<PythonResults["open"]>(answer);
    } catch (thrown) {
      throw signal.aborted && !tellsOfStop(thrown) ? cancelled() : thrown;
    } finally {
      signal.removeEventListener("abort", cancel);
      void this.fetcher.forget();
    }
  }

  async judge(answers: RegistryAnswers): Promise<Verdict> {
    return unwrap<PythonResults["judge"]>((await this.started()).judge(JSON.stringify(answers)));
  }

  async write(request: StartRequest): Promise<WriteEvent[]> {
    const api = await this.started();
    return unwrap<PythonResults["start"]>(api.start(JSON.stringify(request)));
  }

  async next(): Promise<WriteEvent[]> {
    return unwrap<PythonResults["next"]>((await this.started()).next());
  }

  async stop(): Promise<WriteEvent[]> {
    return unwrap<PythonResults["stop"]>((await this.started()).stop());
  }

  async embed(text: string): Promise<number[]> {
    return unwrap<PythonResults["embed"]>((await this.started()).embed(text));
  }

  async close(): Promise<null> {
    return unwrap<PythonResults["close"]>(await (await this.started()).close());
  }

  async report(remove: string | null): Promise<StorageReport> {
    if (remove !== null) await this.storage.remove(remove);
    return this.storage.report();
  }

  async useThreads(count: number): Promise<number> {
    await this.started();
    const { arena } = this;
    if (!arena) return 1;
    arena.threadsAsked = Math.max(0, Math.min(Math.trunc(count) || 0, arena.threads));
    return arena.threadsAsked;
  }

  private started(): Promise<PythonApi> {
    if (!this.ready) throw new EngineError({ code: "not-started", message: "The engine was not started." });
    return this.ready;
  }

  /** Where the file must come from the network and Python is not there yet, the connection need not wait for it. */
  private async connectEarly(request: OpenRequest): Promise<void> {
    if (this.api || request.source.kind !== "url" || /\/(\?|$)/.test(request.source.url)) return;
    const expected = request.pinned ?? request.listed;
    const digest = expected?.sha256 ?? expected?.sha3_256;
    const kept = digest ? await this.storage.has(digest) : false;
    if (!kept) this.fetcher.prefetch(request.source.url);
  }

  /** The first word is told before anything is fetched or compiled. */
  private async begin(args: StartArgs, progress: (progress: StartProgress) => void): Promise<PythonApi> {
    await holdLock(args.lock);
    progress({ step: "script", fraction: START_SHARES.script });
    return this.start(args, progress);
  }

  private async start(
    { base, interrupts }: StartArgs,
    progress: (progress: StartProgress) => void,
  ): Promise<PythonApi> {
    void this.storage.tidy();
    let furthest = 0;
    const step = (name: StartStep): void => {
      this.timings[name] = Math.round(performance.now());
      furthest = Math.max(furthest, START_SHARES[name]);
      progress({ step: name, fraction: furthest });
    };
    const arena = makeArena(base, this.helpers).then((made) => {
      step("kernels");
      this.threadsReason = made.reason;
      return made.arena;
    });
    arena.catch(() => undefined); // awaited below; until then a failure is not unhandled
    const python = await startPython(base, step);
    this.python = python;
    step("packages");
    this.arena = await arena;
    const module = python.pyimport("taleproof.apps.worker.api") as unknown as WorkerModule;
    const api = module.create({
      arena: this.arena,
      storage: this.storage,
      fetcher: this.fetcher,
      device_bytes: deviceBytes(),
      python_bytes: () => heapBytes(python),
    });
    if (interrupts) python.setInterruptBuffer(interrupts);
    drawRandomnessFrom(api);
    step("engine");
    step("ready");
    return api;
  }
}

/** Holds a lock for good; the page is given it when this worker is gone. A browser without locks goes without. */
function holdLock(name: string): Promise<void> {
  const locks = (navigator as Partial<typeof navigator>).locks;
  if (!locks) return Promise.resolve();
  return new Promise((held) => {
    const forGood = (): Promise<never> => {
      held();
      return new Promise(() => undefined);
    };
    locks.request(name, forGood).catch(() => held());
  });
}

/** Whether an error says that the person stopped it, and what was kept. */
function tellsOfStop(thrown: unknown): boolean {
  return thrown instanceof EngineError && thrown.code === "download-stopped";
}

/** The result of a call of Python, or its error thrown. */
function unwrap<T extends PythonResults[keyof PythonResults]>(json: string): T {
  const answer = JSON.parse(json) as { ok: T } | { error: ErrorData };
  if ("error" in answer) throw new EngineError(answer.error);
  return answer.ok;
}

/** All sources of a request in one list, the model's first. */
function sourcesOf({ source, pinned, listed, accept, files, tokenizer }: OpenRequest): Source[] {
  const model: RoleRequest = { source, pinned, listed: listed ?? null, accept: accept ?? null };
  return [
    sourceOf("model", model),
    ...(files ?? []).map((file) => sourceOf("model", file)),
    ...(tokenizer ? [sourceOf("tokenizer", tokenizer)] : []),
  ];
}

function sourceOf(role: Role, request: RoleRequest): Source {
  const { source } = request;
  const file = source.kind === "file" ? new LocalFile(source.file) : undefined;
  return { role, request: JSON.stringify(request), file };
}

/** The device's memory as far as the browser tells: it names few sizes, and 8 GB for everything above. */
function deviceBytes(): number | undefined {
  const gigabytes = (navigator as typeof navigator & { deviceMemory?: number }).deviceMemory;
  return gigabytes === undefined || gigabytes >= 8 ? undefined : gigabytes * 2 ** 30;
}

/** The size of Python's own memory, of which Pyodide's public interface does not tell. */
function heapBytes(python: PyodideAPI): number {
  return (python as unknown as { _module: { HEAPU8: Uint8Array } })._module.HEAPU8.byteLength;
}

/** From here on everything random in this worker comes from the seeded generator of entropy.py. */
function drawRandomnessFrom(api: PythonApi): void {
  const getRandomValues = <T extends ArrayBufferView | null>(array: T): T => {
    if (array) {
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      bytes.set(api.random_bytes(bytes.length));
    }
    return array;
  };
  Object.defineProperty(crypto, "getRandomValues", { value: getRandomValues, configurable: true });
}

/** Progress with rates, told at the start of each phase, at its end, and not too often in between. */
function throttled(
  progress: (progress: LoadProgress) => void,
): (phase: LoadPhase, file: string, bytes: number, total: number | undefined) => void {
  let meter = new RateMeter();
  let current = "";
  let last = -Infinity;
  return (phase, file, bytes, total) => {
    const now = performance.now();
    const isNew = current !== phase + file;
    if (isNew) meter = new RateMeter();
    current = phase + file;
    const known = total ?? null;
    if (!isNew && bytes !== known && now - last < PROGRESS_MS) return;
    last = now;
    meter.add(now, bytes);
    progress({ phase, file, bytes, total: known, rate: meter.rate, secondsLeft: meter.secondsLeft(known) });
  };
}
