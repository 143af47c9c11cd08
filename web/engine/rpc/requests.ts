// SPDX-License-Identifier: Apache-2.0
/**
 * The requests that a worker has not answered yet, and how they are stopped.
 *
 * In: requests, and the worker's messages. Out: promises. A request that is stopped tells the person at once, and is
 * interrupted, or its worker ended, where it does not come to rest by itself (stopping.ts); so is a file that takes far
 * too long to prepare. `rest` is there until all that was stopped has ended.
 */

import { cancelled, EngineError } from "../errors";
import { inTurn, quarters } from "../in-turn";
import type {
  LoadProgress,
  RegistryAnswers,
  ReplyMessage,
  RequestKind,
  Requests,
  StartProgress,
} from "../protocol";
import { openingBudget, PATIENCE_MS, Stopping } from "./stopping";
import { openingTooLong, WOULD_NOT_STOP } from "./troubles";

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
  /** There once it was stopped; null while the engine starts, which no file can make hang. */
  stopping?: Stopping | null;
  /** There while it parses and prepares a file, for which the time is limited. */
  endBudget?: () => void;
}

export interface Options<K extends RequestKind> {
  progress?: ((progress: Requests[K]["progress"]) => void) | undefined;
  signal?: AbortSignal | undefined;
  registry?: Promise<RegistryAnswers> | null | undefined;
  /** Where it is given, Stop lets the request end by itself for so many milliseconds; else it is cancelled. */
  patience?: number;
}

/** Milliseconds that a stopped request may take to say what it leaves behind, before the person is told without it. */
export const FAREWELL_MS = 100;

type Answer = Exclude<ReplyMessage, { kind: "crash" | "helpers" }>;

export class PendingRequests {
  /** Done when nothing that was stopped is going on any more; null where nothing is. */
  rest: { settled: Promise<void>; settle: () => void } | null = null;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;

  /**
   * @param mayEnd whether a worker is to be ended that does not stop.
   * @param endWorker ends it, and tells why.
   */
  constructor(
    private readonly mayEnd: () => boolean,
    private readonly interrupts: () => Uint8Array | null,
    private readonly endWorker: (error: EngineError) => void,
  ) {}

  send<K extends RequestKind>(
    worker: WorkerLike,
    kind: K,
    args: Requests[K]["args"],
    { progress, signal, registry, patience }: Options<K>,
  ): Promise<Requests[K]["result"]> {
    const id = this.nextId++;
    const result = new Promise<Requests[K]["result"]>((resolve, reject) => {
      this.pending.set(id, { resolve, reject, progress });
    });
    const stop = (): void => {
      this.stop(id, new EngineError(WOULD_NOT_STOP), patience);
      if (patience !== undefined) return;
      worker.postMessage({ id, kind: "cancel", args: null });
      setTimeout(() => this.pending.get(id)?.reject(cancelled()), FAREWELL_MS);
    };
    worker.postMessage({ id, kind, args });
    if (signal?.aborted === true) stop();
    signal?.addEventListener("abort", stop, { once: true });
    registry?.then((answers) => worker.postMessage({ id, kind: "registry", args: answers }), stop);
    return result.finally(() => signal?.removeEventListener("abort", stop));
  }

  /** Brings the worker to rest: by itself, by an interrupt, or by its end. @param error is told in the last case. */
  private stop(id: number, error: EngineError, patience = PATIENCE_MS): void {
    const pending = this.pending.get(id);
    if (!pending || pending.stopping !== undefined) return;
    this.rest ??= newRest();
    const end = (): void => this.endWorker(error);
    pending.stopping = this.mayEnd() ? new Stopping(this.interrupts(), end, patience) : null;
  }

  /** Gives up a file that takes far too long to parse and prepare; its bytes may take as long as the network does. */
  private watchOpening(id: number, pending: Pending, progress: StartProgress | LoadProgress): void {
    pending.endBudget?.();
    if (!("phase" in progress) || progress.phase !== "prepare" || progress.bytes > 0) return;
    const seconds = openingBudget(progress.total ?? 0);
    pending.endBudget = inTurn(quarters(seconds * 1000), () => {
      const error = openingTooLong(progress.file, seconds);
      pending.reject(error);
      this.stop(id, error, 0);
    });
  }

  receive(message: Answer): void {
    const pending = this.pending.get(message.id);
    if (!pending) return;
    if (message.kind === "progress") {
      this.watchOpening(message.id, pending, message.progress);
      pending.progress?.(message.progress as never);
      return;
    }
    this.pending.delete(message.id);
    this.letGo(pending);
    if (message.kind === "result") pending.resolve(message.result as never);
    else pending.reject(new EngineError(message.error));
  }

  /** The worker is gone: everything that it owes is rejected. */
  end(error: EngineError): void {
    const pending = [...this.pending.values()];
    this.pending.clear();
    for (const request of pending) {
      this.letGo(request);
      request.reject(error);
    }
  }

  /** Of a request that has its answer, or whose worker is gone. */
  private letGo(pending: Pending): void {
    pending.endBudget?.();
    pending.stopping?.done();
    if ([...this.pending.values()].some((other) => other.stopping !== undefined)) return;
    this.rest?.settle();
    this.rest = null;
  }
}

function newRest(): { settled: Promise<void>; settle: () => void } {
  let settle: () => void = () => undefined;
  const settled = new Promise<void>((resolve) => (settle = resolve));
  return { settled, settle };
}
