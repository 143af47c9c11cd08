// SPDX-License-Identifier: Apache-2.0
/**
 * What the engine worker does, apart from how messages reach it.
 *
 * In: typed requests, answered one after the other. Out: results, progress, or an EngineError. The first connection of a
 * download may be started before the engine is. Python sees the page's means (arena, storage, downloads) as objects and
 * answers in JSON, so that no proxy of a Python object outlives a call.
 */

import { cancelled, EngineError } from "../errors";
import type { HelperLink } from "../memory/team";
import { Fetcher } from "../network/fetcher";
import type {
  AlternativesRequest,
  Place,
  EngineInfo,
  LoadProgress,
  OpenRequest,
  OpenResult,
  PythonResults,
  RegistryAnswers,
  StartArgs,
  StartProgress,
  StartRequest,
  StorageReport,
  Verdict,
  WriteEvent,
} from "../protocol";
import { untilAborted } from "../rpc/until-aborted";
import { ModelStorage } from "../storage/storage";
import { loadReports } from "./load-reports";
import { forPython, unwrap, type PythonApi } from "./python-api";
import { startEngine, type RunningEngine } from "./start";

export class EngineHost {
  private readonly fetcher = new Fetcher();
  private readonly storage = new ModelStorage();
  private starting: Promise<RunningEngine> | null = null;
  private isRunning = false;

  /** @param helpers the way to the page, which starts the kernels' threads */
  constructor(private readonly helpers: HelperLink) {}

  /** Starts everything; a second call waits for the first. */
  async init(args: StartArgs, progress: (progress: StartProgress) => void): Promise<EngineInfo> {
    const { fetcher, storage, helpers } = this;
    this.starting ??= startEngine(args, { fetcher, storage, helpers }, progress); // at once: later requests wait for it
    const { api, arena, threadsReason, pyodide, timings } = await this.starting;
    this.isRunning = true;
    const { kernelsReason, threads, threadsAsked } = arena;
    const info = unwrap<PythonResults["info"]>(api.info());
    return { ...info, kernelsReason, threads, threadsAsked, threadsReason, pyodide, timings };
  }

  /** @param registry the registry's answers, for a request that asks it. */
  async open(
    request: OpenRequest,
    progress: (progress: LoadProgress) => void,
    signal: AbortSignal,
    registry: Promise<RegistryAnswers> | undefined,
  ): Promise<OpenResult> {
    await this.connectEarly(request);
    const api = await untilAborted(this.api(), signal).catch((thrown: unknown) => {
      void this.fetcher.forget();
      throw thrown;
    });
    const cancel = (): void => void api.cancel();
    signal.addEventListener("abort", cancel);
    try {
      const { sources, purpose = "write", contextLength } = request;
      const ask =
        registry && (() => untilAborted(registry, signal).then((answers) => JSON.stringify(answers)));
      const stopped = (): boolean => signal.aborted;
      const report = loadReports(progress);
      const context = contextLength ?? undefined;
      const answer = await api.open(sources.map(forPython), purpose, context, report, stopped, ask);
      return unwrap<PythonResults["open"]>(answer);
    } catch (thrown) {
      throw signal.aborted && !tellsOfStop(thrown) ? cancelled() : thrown;
    } finally {
      signal.removeEventListener("abort", cancel);
      void this.fetcher.forget();
    }
  }

  async judge(answers: RegistryAnswers): Promise<Verdict> {
    return unwrap<PythonResults["judge"]>((await this.api()).judge(JSON.stringify(answers)));
  }

  async write(request: StartRequest): Promise<WriteEvent[]> {
    return unwrap<PythonResults["start"]>((await this.api()).start(JSON.stringify(request)));
  }

  async next(): Promise<WriteEvent[]> {
    return unwrap<PythonResults["next"]>((await this.api()).next());
  }

  async stop(): Promise<WriteEvent[]> {
    return unwrap<PythonResults["stop"]>((await this.api()).stop());
  }

  async alternatives(request: AlternativesRequest): Promise<Place[]> {
    return unwrap<PythonResults["alternatives"]>((await this.api()).alternatives(JSON.stringify(request)));
  }

  async embed(text: string): Promise<number[]> {
    return unwrap<PythonResults["embed"]>((await this.api()).embed(text));
  }

  async close(): Promise<null> {
    return unwrap<PythonResults["close"]>(await (await this.api()).close());
  }

  async report(remove: string | null): Promise<StorageReport> {
    if (remove !== null) await this.storage.remove(remove);
    return this.storage.report();
  }

  async useThreads(count: number): Promise<number> {
    const { arena } = await this.engine();
    arena.threadsAsked = Math.max(0, Math.min(Math.trunc(count) || 0, arena.threads));
    return arena.threadsAsked;
  }

  private engine(): Promise<RunningEngine> {
    if (!this.starting)
      throw new EngineError({ code: "not-started", message: "The engine was not started." });
    return this.starting;
  }

  private async api(): Promise<PythonApi> {
    return (await this.engine()).api;
  }

  /** Where the file must come from the network and Python is not there yet, the connection need not wait for it. */
  private async connectEarly({ sources: [first] }: OpenRequest): Promise<void> {
    if (this.isRunning || first?.source.kind !== "url" || /\/(\?|$)/.test(first.source.url)) return;
    const expected = first.pinned ?? first.listed;
    const digest = expected?.sha256 ?? expected?.sha3_256;
    const kept = digest ? await this.storage.has(digest) : false;
    if (!kept) this.fetcher.prefetch(first.source.url);
  }
}

/** Whether an error says that the person stopped it, and what was kept. */
function tellsOfStop(thrown: unknown): boolean {
  return thrown instanceof EngineError && thrown.code === "download-stopped";
}
