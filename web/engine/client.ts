// SPDX-License-Identifier: Apache-2.0
/**
 * The engine as the page sees it: start it, open a model, write.
 *
 * In: requests as protocol.ts types them. Out: promises, and a story as an async generator. The worker is started when
 * first needed and, after a crash, started anew by the next call of `ready`, `open`, `useThreads` or `storage`; whatever was
 * pending is rejected with an EngineError whose message is meant for the person. At most one story is written at a time.
 *
 * Whatever takes a signal can be stopped at any time: the person hears of it at once, and the worker is interrupted, or
 * ended, where it does not come to rest (stopping.ts). The next request waits for that.
 */

import { cancelled, EngineError } from "./errors";
import { filledIn, randomSeed } from "./filled-in";
import { inTurn, quarters } from "./in-turn";
import { Helpers } from "./memory/helpers";
import type {
  AlternativesRequest,
  Place,
  EngineInfo,
  HelperMessage,
  LoadProgress,
  ModelSource,
  OpenRequest,
  OpenResult,
  RegistryAnswers,
  ReplyMessage,
  RequestKind,
  Requests,
  StartProgress,
  StorageReport,
  Verdict,
  WriteEvent,
  WriteRequest,
} from "./protocol";

import { PendingRequests, type Options, type WorkerLike } from "./rpc/requests";
import { PATIENCE_MS } from "./rpc/stopping";
import { crashed, NO_MODEL, NOT_STARTED } from "./rpc/troubles";
import { untilAborted } from "./rpc/until-aborted";
import { Watchdog } from "./rpc/watchdog";

export { EngineError } from "./errors";
export type { WorkerLike } from "./rpc/requests";

/** Requests that begin with a new engine where there is none; any other needs the model that is open. */
const STARTING: ReadonlySet<RequestKind> = new Set(["open", "threads", "storage"]);

/**
 * Milliseconds in which a new worker has to say its first word. It does so before it fetches or compiles anything, so only
 * a script that never arrives takes so long.
 */
export const FIRST_WORD_MS = 120_000;
/** How many times as long as the longest step so far one may take before Stop breaks into it. */
const STEPS = 4;

/** Starts workers. */
export interface Spawn {
  engine(): WorkerLike;
  helper(name: string): WorkerLike;
}

export class EngineClient {
  private worker: WorkerLike | null = null;
  private watchdog: Watchdog | null = null;
  private interrupts: Uint8Array | null = null;
  private stopWaiting: () => void = () => undefined;
  private started: Promise<EngineInfo> | null = null;
  private running = false;
  private startListeners = new Set<(progress: StartProgress) => void>();
  private lastStart: StartProgress | null = null;
  /** Why the last worker ended. */
  private ended: EngineError | null = null;
  private readonly requests = new PendingRequests(
    () => this.running,
    () => this.interrupts,
    (error) => this.crash(error),
  );
  private readonly helpers: Helpers;
  private writing = false;

  /**
   * @param onCrash told when the worker dies, after everything pending was rejected with the same error.
   * @param spawn starts the engine's worker, and those of its helpers.
   * @param base the address of the folder with Pyodide, wheels and kernels; relative addresses of models count from there.
   */
  constructor(
    private readonly onCrash: (error: EngineError) => void,
    private readonly spawn: Spawn,
    private readonly base: string,
  ) {
    this.helpers = new Helpers(spawn.helper);
  }

  /** Starts the engine where it is not running; resolves when it can open a model. */
  async ready(onProgress?: (progress: StartProgress) => void): Promise<EngineInfo> {
    if (onProgress) {
      this.startListeners.add(onProgress);
      if (this.lastStart) onProgress(this.lastStart);
    }
    try {
      return await this.start();
    } finally {
      if (onProgress) this.startListeners.delete(onProgress);
    }
  }

  /**
   * Loads, checks and prepares a model in place of the present one. May be called before the engine is ready: the
   * download then runs while the engine starts. A refused file is an EngineError with a verdict.
   * @param registry what the registry says, asked meanwhile; waited for before a byte is parsed.
   */
  async open(
    request: OpenRequest,
    onProgress?: (progress: LoadProgress) => void,
    signal?: AbortSignal,
    registry?: Promise<RegistryAnswers> | null,
  ): Promise<OpenResult> {
    const asks = registry ? { asksRegistry: true } : {};
    const args = { ...this.resolved(request), ...asks };
    return this.request("open", args, { progress: onProgress, signal, registry });
  }

  /** The verdict on the open model under newer answers of the registry. The model stays open, whatever it is. */
  judge(answers: RegistryAnswers): Promise<Verdict> {
    return this.request("judge", answers);
  }

  /**
   * Writes a story, or goes on with it. The last event is `finished`, whatever ends it. Aborting the signal ends the
   * story with the reason `stopped`; leaving the loop ends it too, without that event.
   */
  async *write(request: WriteRequest, signal?: AbortSignal): AsyncGenerator<WriteEvent, void, void> {
    if (this.writing) {
      throw new EngineError({ code: "busy", message: "A story is being written already. Stop it first." });
    }
    this.writing = true;
    let ended = false;
    let home: WorkerLike | null = null;
    try {
      let batch = await this.request("start", filledIn(request), { signal });
      home = this.worker;
      let longest = 0;
      for (;;) {
        for (const event of batch) {
          if (event.kind === "finished") ended = true;
          yield event;
        }
        if (ended) return;
        if (this.worker !== home) throw this.ended ?? new EngineError(NO_MODEL); // another engine has no such story
        const begun = performance.now();
        const patience = Math.max(PATIENCE_MS, STEPS * longest);
        const stopped = signal?.aborted === true;
        batch = await this.request(stopped ? "stop" : "next", null, { signal, patience });
        longest = Math.max(longest, performance.now() - begun);
        if (batch.length === 0 && stopped) return;
      }
    } catch (thrown) {
      ended = true;
      throw thrown;
    } finally {
      if (!ended && this.worker === home) {
        const now = { signal: AbortSignal.abort(), patience: PATIENCE_MS };
        await this.request("stop", null, now).catch(() => undefined); // a crash has told of itself
      }
      this.writing = false;
    }
  }

  /**
   * What else could have stood in a text of the open model: the likeliest tokens at each place, with their probabilities.
   * Refused while a story is being written. After Stop the engine rests, and the model is there as before.
   */
  alternatives(request: AlternativesRequest, signal?: AbortSignal): Promise<Place[]> {
    return this.request("alternatives", request, { signal });
  }

  /** The vector of a text, of length 1; the open model has to be an encoder. */
  embed(text: string): Promise<number[]> {
    return this.request("embed", { text });
  }

  /** Uses so many threads from now on, of those that there are, or with 0 as many as are fastest. The bits stay the same. */
  async useThreads(count: number): Promise<number> {
    return this.request("threads", { count });
  }

  /** The files that this browser keeps for the site; with `remove`, after removing the one with that SHA-256. */
  async storage(remove: string | null = null): Promise<StorageReport> {
    return this.request("storage", { remove });
  }

  /** Ends the engine and gives its memory back. The client can be used again: it then starts a new engine. */
  close(): void {
    this.end(new EngineError({ code: "closed", message: "The engine was closed." }));
  }

  private start(): Promise<EngineInfo> {
    if (this.started) return this.started;
    const { worker, watchdog } = this.spawnWorker();
    const progress = (reached: StartProgress): void => {
      watchdog.watch(); // a start goes on only once the worker holds the lock
      this.lastStart = reached;
      for (const listener of this.startListeners) listener(reached);
    };
    const { base, interrupts } = this;
    const args = { base, interrupts, lock: watchdog.lock };
    const started = this.requests.send(worker, "init", args, { progress }).then(
      (info) => {
        watchdog.watch();
        this.running = true;
        return info;
      },
      (error: EngineError) => {
        if (this.started === started) this.end(error); // the next call begins with a new worker
        throw error;
      },
    );
    this.started = started;
    return started;
  }

  /** The request with whole addresses: the worker's own address is not the page's. */
  private resolved(request: OpenRequest): OpenRequest {
    const whole = (source: ModelSource): ModelSource =>
      source.kind === "url" ? { ...source, url: new URL(source.url, this.base).href } : source;
    return { ...request, sources: request.sources.map((each) => ({ ...each, source: whole(each.source) })) };
  }

  private async request<K extends RequestKind>(
    kind: K,
    args: Requests[K]["args"],
    options: Options<K> = {},
  ): Promise<Requests[K]["result"]> {
    const { signal, patience } = options;
    if (signal?.aborted === true && patience === undefined) throw cancelled();
    const { rest } = this.requests;
    if (rest && kind !== "stop") await untilAborted(rest.settled, signal);
    if (STARTING.has(kind)) void this.start().catch(() => undefined); // a failed start rejects this request too
    if (!this.worker) throw this.ended ?? new EngineError(NO_MODEL);
    return this.requests.send(this.worker, kind, args, options);
  }

  private spawnWorker(): { worker: WorkerLike; watchdog: Watchdog } {
    const worker = this.spawn.engine();
    let heard = false;
    this.worker = worker;
    const broken = (event: Event): void => {
      if (worker !== this.worker) return;
      if (heard) this.crash(crashed(event));
      else this.end(new EngineError(NOT_STARTED)); // its script did not arrive, or cannot be read
    };
    const watchdog = new Watchdog(`taleproof-engine-${randomSeed()}`, () => broken(new Event("gone")));
    worker.addEventListener("message", (event) => {
      if (worker !== this.worker) return;
      heard = true;
      this.stopWaiting();
      this.receive(event.data as ReplyMessage, worker);
    });
    worker.addEventListener("error", broken);
    worker.addEventListener("messageerror", broken);
    this.stopWaiting = inTurn(quarters(FIRST_WORD_MS), () => broken(new Event("silence")));
    this.watchdog = watchdog;
    this.interrupts = sharedByte();
    return { worker, watchdog };
  }

  private receive(message: ReplyMessage, worker: WorkerLike): void {
    if (message.kind === "crash") this.crash(new EngineError(message.error));
    else if (message.kind === "helpers") {
      this.helpers.replace(message.tasks, (failure) =>
        worker.postMessage({ kind: "helper", failure } satisfies HelperMessage),
      );
    } else this.requests.receive(message);
  }

  private crash(error: EngineError): void {
    this.end(error);
    this.onCrash(error);
  }

  private end(error: EngineError): void {
    this.stopWaiting();
    this.watchdog?.end();
    this.worker?.terminate();
    this.helpers.end();
    this.worker = this.watchdog = this.started = this.lastStart = null;
    this.running = false;
    this.ended = error;
    this.requests.end(error);
  }
}

/** A byte that the worker's Python looks at between two instructions; null where no memory can be shared. */
function sharedByte(): Uint8Array | null {
  const shared = globalThis.crossOriginIsolated && typeof SharedArrayBuffer !== "undefined"; // not in every browser
  return shared ? new Uint8Array(new SharedArrayBuffer(1)) : null;
}
