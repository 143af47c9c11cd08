// SPDX-License-Identifier: Apache-2.0
/**
 * The files that a starting engine cannot do without, some of which Pyodide fetches by itself.
 *
 * In: the folders that they lie in. Out: responses; and, once one of them does not arrive, `failed`, an EngineError that
 * says so. Pyodide is not told of the failure: it would wait for ever, or break in a way that looks like a fault of
 * ours. While this is installed, it stands in the place of the worker's `fetch`.
 */

import { EngineError } from "../errors";
import { watchedFetch } from "../network/stall";

export class StartFiles {
  /** Rejected as soon as a file cannot be had; never resolved. */
  readonly failed: Promise<never>;
  private fail: (error: EngineError) => void = () => undefined;
  /** The worker's own. */
  private readonly fetch = globalThis.fetch;

  constructor(private readonly folders: readonly string[]) {
    this.failed = new Promise((_, reject) => (this.fail = reject));
    this.failed.catch(() => undefined); // whoever starts the engine awaits it; it may fail before that
  }

  /** Takes the place of `fetch`, and of the one call that would swallow an error. Returns how to give it back. */
  install(): () => void {
    const { instantiateStreaming } = WebAssembly;
    globalThis.fetch = (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      const ours = this.folders.some((folder) => url.startsWith(folder));
      return ours ? this.needed(url, init) : (0, this.fetch)(input, init);
    };
    WebAssembly.instantiateStreaming = async (source, imports) => {
      try {
        return await instantiateStreaming(source, imports);
      } catch (cause) {
        return this.giveUp("the module of Python", cause);
      }
    };
    return () => {
      globalThis.fetch = this.fetch;
      WebAssembly.instantiateStreaming = instantiateStreaming;
    };
  }

  /** Fetches a file that only saves time. */
  optional(url: string): Promise<Response> {
    return watchedFetch(url, {}, this.fetch);
  }

  /** Fetches a file; where it does not arrive, nothing comes back, and the start has failed. */
  async needed(url: string, init: RequestInit = {}): Promise<Response> {
    const name = new URL(url).pathname.split("/").pop() ?? url;
    try {
      const { integrity, ...rest } = init;
      const canCheck = typeof crypto.subtle !== "undefined";
      const response = await watchedFetch(url, canCheck ? rest : init, this.fetch);
      if (!response.ok) throw new Error(`${name}: the server answered ${response.status}`);
      return integrity && canCheck ? await checked(response, integrity, name) : response;
    } catch (cause) {
      return this.giveUp(name, cause);
    }
  }

  private giveUp(name: string, cause: unknown): Promise<never> {
    const message =
      `The engine could not be started, because ${name} did not arrive as it should. ` +
      "Check the connection, then try again.";
    this.fail(new EngineError({ code: "engine-start-failed", message, details: { cause: String(cause) } }));
    return new Promise(() => undefined);
  }
}

/**
 * The same response once its digest is right. A browser that compares it itself gives no word before the last byte, and
 * so no way to tell a slow connection from a dead one.
 */
async function checked(response: Response, integrity: string, name: string): Promise<Response> {
  const bytes = await response.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const actual = `sha256-${btoa(String.fromCharCode(...digest))}`;
  if (actual !== integrity) throw new Error(`${name} has other bytes than it should`);
  return new Response(bytes, { headers: response.headers });
}
