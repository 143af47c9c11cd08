// SPDX-License-Identifier: Apache-2.0
/**
 * The way in for other people's programs: start the engine, open a model, write.
 *
 * In: where the package's files are served, models with the digest that each must have, prompts. Out: an engine, a model,
 * events. The client does the work (client.ts). Refused, with an EngineError: bytes that nobody vouches for and that
 * `approve` does not accept, bytes with another digest than the expected one, and a server that does not send what a
 * browser needs (serving.ts).
 */

import { withAcceptance } from "../acceptance";
import { EngineClient } from "../client";
import { cancelled, EngineError, toEngineError } from "../errors";
import type {
  EngineInfo,
  LoadProgress,
  OpenRequest,
  OpenResult,
  StartProgress,
  StorageReport,
} from "../protocol";
import { VERSION } from "../version";
import { Completions } from "./completions";
import { Model } from "./model";
import { moduleWorker } from "./module-worker";
import { ISOLATION, whatIsMissing } from "./serving";
import { openRequest, type ModelSource, type Purpose, type UnverifiedFile } from "./source";

/** By a name of its own, or bundlers would look for a file there. */
const OWN_ADDRESS = import.meta.url;

/** How the engine starts. */
export interface StartOptions {
  /** The address of the folder with worker, Pyodide, wheels and kernels; left out: beside the package's own script. */
  assets?: string | URL | undefined;
  /** How many threads to compute with, where it is not to be as many as are fastest; more than one need isolation. */
  threads?: number | undefined;
  /** Told of each step of the start. */
  onProgress?: ((progress: StartProgress) => void) | undefined;
  /** Told when the engine breaks down. Whatever was going on has failed with the same error; `open` starts it anew. */
  onCrash?: ((error: EngineError) => void) | undefined;
}

/** How a model is opened. */
export interface OpenOptions {
  /** Gives up; the error then has the code `cancelled`, or `download-stopped` where a part of the file is kept. */
  signal?: AbortSignal | undefined;
  /** Told how much of each file is here. */
  onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Decides about a file that nobody vouches for, once its digests are known. Only `true` accepts it. */
  approve?: ((file: UnverifiedFile) => boolean | Promise<boolean>) | undefined;
  /** What the model is for; left out: to write. */
  purpose?: Purpose | undefined;
}

type PendingApproval = Extract<OpenResult, { kind: "needs-acceptance" }>;

/** An engine in a worker of its own, with at most one model at a time. */
export class Taleproof {
  /** OpenAI's shape, for the model that is open. */
  readonly chat: { readonly completions: Completions };
  private model: Model | null = null;
  private closed = false;

  private constructor(
    private readonly client: EngineClient,
    /** What runs here: kernels, threads and why there are no more of them, versions. */
    readonly info: EngineInfo,
  ) {
    const fingerprint = `taleproof-${info.version}-numerics-${info.numericsVersion}`;
    this.chat = { completions: new Completions(() => this.openModel(), fingerprint) };
  }

  /** Starts the engine. Without cross-origin isolation it runs on one thread, and `info.threadsReason` says so. */
  static async start(options: StartOptions = {}): Promise<Taleproof> {
    const { threads = 0, onProgress, onCrash } = options;
    requireBrowser(threads);
    const assets = assetsFolder(options.assets);
    let tale: Taleproof | null = null;
    const crashed = (error: EngineError): void => {
      if (tale) tale.model = null;
      onCrash?.(error);
    };
    const spawn = {
      engine: (): Worker => moduleWorker(new URL("worker.js", assets), "taleproof-engine"),
      helper: (name: string): Worker => moduleWorker(new URL("helper.js", assets), name),
    };
    const client = new EngineClient(crashed, spawn, assets.href);
    try {
      const info = await client.ready(onProgress);
      requireVersion(info.version, assets);
      if (threads > 0) info.threadsAsked = await client.useThreads(threads);
      tale = new Taleproof(client, info);
      return tale;
    } catch (thrown) {
      client.close();
      throw await explained(thrown, assets);
    }
  }

  /** Loads, checks and prepares a model in place of the present one. */
  async open(source: ModelSource, options: OpenOptions = {}): Promise<Model> {
    this.requireRunning();
    const { signal, onProgress, approve, purpose = "write" } = options;
    let request = openRequest(source, purpose, document.baseURI);
    this.model = null;
    for (;;) {
      const answer = await this.client.open(request, onProgress, signal);
      if (answer.kind === "ready") {
        const model: Model = new Model(this.client, answer.model, answer.verdict, () => this.model === model);
        this.model = model;
        return model;
      }
      request = await approved(request, answer, approve);
      if (signal?.aborted === true) throw cancelled();
    }
  }

  /** Uses so many threads from now on, or with 0 as many as are fastest; tells how many. The bits stay the same. */
  useThreads(count: number): Promise<number> {
    this.requireRunning();
    return this.client.useThreads(count);
  }

  /** The models that this browser keeps for the page's origin; with `remove`, without the one with that SHA-256. */
  storage(remove: string | null = null): Promise<StorageReport> {
    this.requireRunning();
    return this.client.storage(remove);
  }

  /** Ends the engine and gives its memory back. */
  close(): void {
    this.closed = true;
    this.model = null;
    this.client.close();
  }

  private openModel(): Model {
    if (this.model) return this.model;
    throw new EngineError({ code: "no-model", message: "No model is open. Open one first, with `open`." });
  }

  private requireRunning(): void {
    if (!this.closed) return;
    throw new EngineError({
      code: "closed",
      message: "The engine was closed. Start another with Taleproof.start().",
    });
  }
}

/** The same request with the digest accepted that waits for it, where `approve` says so. */
async function approved(
  request: OpenRequest,
  pending: PendingApproval,
  approve: OpenOptions["approve"],
): Promise<OpenRequest> {
  const { role, name, files, verdict } = pending;
  const { actual } = verdict;
  if (actual && approve && (await approve({ ...actual, role, name, files })) === true) {
    return withAcceptance(request, role, actual.sha256);
  }
  const asked = approve ? "`approve` did not accept it" : "there is no `approve` to accept it";
  throw new EngineError({
    code: "not-accepted",
    message:
      `Nobody vouches for ${name}, and ${asked}. Its SHA-256 is ${actual?.sha256 ?? "not known"}: compare it with one ` +
      'from a source that you trust, and give it as `expect: "sha256:..."`.',
    details: { name, role, sha256: actual?.sha256 ?? null },
    verdict,
  });
}

/** The folder's whole address, with a slash at its end. */
function assetsFolder(assets: string | URL | undefined): URL {
  const address =
    assets === undefined ? new URL("./assets/", OWN_ADDRESS) : new URL(assets, document.baseURI);
  if (!address.pathname.endsWith("/")) address.pathname += "/";
  return address;
}

function requireBrowser(threads: number): void {
  if (typeof document === "undefined" || typeof Worker === "undefined") {
    throw new EngineError({
      code: "no-browser",
      message:
        "The engine starts in a page of a browser only. Call Taleproof.start() there, not on a server.",
    });
  }
  if (threads <= 1 || globalThis.crossOriginIsolated) return;
  throw new EngineError({
    code: "not-isolated",
    message:
      `This page is not isolated from others, so it has one thread, not ${threads}. Serve it with ${ISOLATION}, over ` +
      "https or from localhost, or leave `threads` out.",
    details: { threads },
  });
}

function requireVersion(version: string, assets: URL): void {
  if (version === VERSION) return;
  throw new EngineError({
    code: "assets-version",
    message:
      `The package is version ${VERSION}, and ${assets.href} has the assets of ${version}. Copy them again, with ` +
      "`npx taleproof-assets FOLDER`.",
    details: { version: VERSION, assets: version },
  });
}

/** What a start ends with where a file did not arrive, or not as it should. */
const UNSERVED: ReadonlySet<string> = new Set([
  "engine-start-failed",
  "engine-cannot-start",
  "kernels-unavailable",
]);

/** Why a start failed: what is wrong at the server, where that is found. */
async function explained(thrown: unknown, assets: URL): Promise<EngineError> {
  const error = toEngineError(
    thrown,
    "engine-start-failed",
    "The browser did not let the engine's worker start.",
  );
  return (UNSERVED.has(error.code) ? await whatIsMissing(assets) : null) ?? error;
}
