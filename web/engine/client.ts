/**
 * The engine as the page sees it: start it, open a model, write.
 *
 * In: requests as protocol.ts types them. Out: promises, and a story as an async generator. The worker is started when
 * first needed and, after a crash, started anew by the next call of `ready` or `open`; whatever was pending is rejected
 * with an EngineError whose message is meant for the person. At most one story is written at a time.
 */

import { cancelled, EngineError } from "./errors";
import type {
  EngineInfo,
  ErrorData,
  FileRequest,
  LoadProgress,
  OpenRequest,
  OpenResult,
  RegistryAnswers,
  ReplyMessage,
  RequestKind,
  Requests,
  StartProgress,
  StartRequest,
  StorageReport,
  Verdict,
  WriteEvent,
  WriteRequest,
} from "./protocol";

import { Watchdog } from "./watchdog";

export { EngineError } from "./errors";

/** What the client needs of a worker: the real one, or a stand-in in a test. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  terminate(): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  addEventListener(type: "error" | "messageerror", listener: (event: Event) => void): void;
}

interface Pending {
  resolve: (result: never) => void;
  reject: (error: EngineError) => void;
  progress: ((progress: never) => void) | undefined;
}

function startWorker(): WorkerLike {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "taleproof-engine" });
}

/** A seed for a story that is to be a new one every time: 64 bits of the page's own randomness, in decimal. */
export function randomSeed(): string {
  const words = crypto.getRandomValues(new BigUint64Array(1));
  return String(words[0]);
}

const NOT_STARTED = {
  code: "engine-start-failed",
  message: "The engine could not be started. Check the connection and load the page again.",
};

export class EngineClient {
  private worker: WorkerLike | null = null;
  private watchdog: Watchdog | null = null;
  private started: Promise<EngineInfo> | null = null;
  private startListeners = new Set<(progress: StartProgress) => void>();
  private lastStart: StartProgress | null = null;
  private pending = new Map<number, Pending>();
  private nextId = 1;
  private writing = false;

  /**
   * @param onCrash told when the worker dies, after everything pending was rejected with the same error.
   * @param spawn makes the worker; for tests.
   * @param base the address of the site's files; relative addresses of models count from there.
   */
  constructor(
    private readonly onCrash: (error: EngineError) => void,
    private readonly spawn: () => WorkerLike = startWorker,
    private readonly base: string = new URL(import.meta.env.BASE_URL, document.baseURI).href,
  ) {}

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
    void this.start().catch(() => undefined); // a failed start rejects this request too
    const asks = registry ? { asksRegistry: true } : {};
    return this.request("open", { ...this.resolved(request), ...asks }, onProgress, signal, registry);
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
    try {
      let batch = await this.request("start", withSeed(request));
      for (;;) {
        for (const event of batch) {
          if (event.kind === "finished") ended = true;
          yield event;
        }
        if (ended) return;
        batch = await this.request(signal?.aborted === true ? "stop" : "next", null);
        if (batch.length === 0 && signal?.aborted === true) return;
      }
    } catch (thrown) {
      ended = true;
      throw thrown;
    } finally {
      if (!ended) await this.request("stop", null).catch(() => undefined); // a crash has told of itself
      this.writing = false;
    }
  }

  /** The vector of a text, of length 1; the open model has to be an encoder. */
  embed(text: string): Promise<number[]> {
    return this.request("embed", { text });
  }

  /** Uses so many threads from now on, of those that there are, or with 0 as many as are fastest. The bits stay the same. */
  async useThreads(count: number): Promise<number> {
    void this.start().catch(() => undefined);
    return this.request("threads", { count });
  }

  /** The files that this browser keeps for the site; with `remove`, after removing the one with that SHA-256. */
  async storage(remove: string | null = null): Promise<StorageReport> {
    void this.start().catch(() => undefined);
    return this.request("storage", { remove });
  }

  /** Ends the engine and gives its memory back. The client can be used again: it then starts a new engine. */
  close(): void {
    this.end(new EngineError({ code: "closed", message: "The engine was closed." }));
  }

  private start(): Promise<EngineInfo> {
    if (this.started) return this.started;
    const started = this.request("init", { base: this.base }, (progress) => {
      this.lastStart = progress;
      for (const listener of this.startListeners) listener(progress);
    }).catch((error: EngineError) => {
      if (this.started === started) this.end(error); // the next call begins with a new worker
      throw error;
    });
    this.started = started;
    return started;
  }

  /** The request with whole addresses: the worker's own address is not the page's. */
  private resolved<R extends FileRequest & Pick<OpenRequest, "files" | "tokenizer">>(request: R): R {
    const { source, files, tokenizer } = request;
    const whole = source.kind === "url" ? { ...source, url: new URL(source.url, this.base).href } : source;
    return {
      ...request,
      source: whole,
      ...(files ? { files: files.map((file) => this.resolved(file)) } : {}),
      ...(tokenizer ? { tokenizer: this.resolved(tokenizer) } : {}),
    };
  }

  private request<K extends RequestKind>(
    kind: K,
    args: Requests[K]["args"],
    progress?: (progress: Requests[K]["progress"]) => void,
    signal?: AbortSignal,
    registry?: Promise<RegistryAnswers> | null,
  ): Promise<Requests[K]["result"]> {
    if (signal?.aborted === true) return Promise.reject(cancelled());
    const worker = this.ensureWorker();
    const id = this.nextId++;
    const result = new Promise<Requests[K]["result"]>((resolve, reject) => {
      this.pending.set(id, { resolve, reject, progress });
    });
    const cancel = (): void => worker.postMessage({ id, kind: "cancel", args: null });
    signal?.addEventListener("abort", cancel, { once: true });
    worker.postMessage({ id, kind, args });
    registry?.then((answers) => worker.postMessage({ id, kind: "registry", args: answers }), cancel);
    this.watchdog?.expect();
    return result.finally(() => signal?.removeEventListener("abort", cancel));
  }

  private ensureWorker(): WorkerLike {
    if (this.worker) return this.worker;
    const worker = this.spawn();
    let heard = false;
    this.worker = worker;
    worker.addEventListener("message", (event) => {
      heard = true;
      if (worker !== this.worker) return;
      this.receive(event.data as ReplyMessage);
      this.watchdog?.heard(this.pending.size > 0);
    });
    const broken = (event: Event): void => {
      if (worker !== this.worker) return;
      if (heard) this.crash(crashData(event));
      else this.end(new EngineError(NOT_STARTED)); // its script did not arrive, or cannot be read
    };
    worker.addEventListener("error", broken);
    worker.addEventListener("messageerror", broken);
    this.watchdog = new Watchdog(
      () => worker.postMessage({ id: 0, kind: "ping", args: null }),
      () => broken(new Event("silence")),
    );
    return worker;
  }

  private receive(message: ReplyMessage): void {
    if (message.kind === "crash") {
      this.crash(message.error);
      return;
    }
    if (message.kind === "alive") return;
    const pending = this.pending.get(message.id);
    if (!pending) return;
    if (message.kind === "progress") {
      pending.progress?.(message.progress as never);
      return;
    }
    this.pending.delete(message.id);
    if (message.kind === "result") pending.resolve(message.result as never);
    else pending.reject(new EngineError(message.error));
  }

  private crash(data: ErrorData): void {
    const error = new EngineError(data);
    this.end(error);
    this.onCrash(error);
  }

  private end(error: EngineError): void {
    this.worker?.terminate();
    this.worker = null;
    this.watchdog?.heard(false);
    this.watchdog = null;
    this.started = null;
    this.lastStart = null;
    const pending = [...this.pending.values()];
    this.pending.clear();
    for (const request of pending) request.reject(error);
  }
}

function withSeed(request: WriteRequest): StartRequest {
  if (request.kind === "continue") return request;
  return { ...request, sampler: { ...request.sampler, seed: request.sampler.seed ?? randomSeed() } };
}

function crashData(event: Event): ErrorData {
  const cause = "message" in event ? String(event.message) : event.type;
  return {
    code: "engine-crashed",
    message:
      "The engine stopped working, most often because the browser ran out of memory. Your stories are safe. " +
      "Close other tabs and open the model again, or choose a smaller one.",
    details: { cause },
    verdict: null,
  };
}
