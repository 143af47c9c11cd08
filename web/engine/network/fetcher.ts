// SPDX-License-Identifier: Apache-2.0
/**
 * Downloads for io/download.py, which knows when to resume and when to give up.
 *
 * In: an address and request headers. Out: status, headers and a body to be read chunk by chunk; undefined, or a chunk
 * marked as dropped, where the network failed or has gone quiet (stall.ts). Chunks stay JavaScript's: they go from here
 * to the arena.
 */

import { unlessStalled } from "./stall";

export interface Piece {
  /** Undefined at the end of the body, and where the connection dropped. */
  chunk: Uint8Array | undefined;
  dropped: boolean;
}

export interface Answer {
  status: number;
  /** As JSON, names in lower case. */
  headers: string;
  read(): Promise<Piece>;
  close(): Promise<void>;
}

export class Fetcher {
  private early: { url: string; answer: Promise<Answer | undefined> } | null = null;
  /** What was asked and has no answer yet. */
  private readonly unanswered = new Set<AbortController>();

  /** Sends the first request before anybody can read its body, while the engine is still starting. */
  prefetch(url: string): void {
    this.early = { url, answer: this.send(url, {}) };
  }

  /** Lets go of a first request that nobody took up. */
  async forget(): Promise<void> {
    const early = this.early;
    this.early = null;
    if (!early) return;
    this.abandon();
    await (await early.answer)?.close();
  }

  /** Ends all requests that have no answer yet; whoever waits for one is told that none came. */
  abandon(): void {
    for (const abort of this.unanswered) abort.abort();
  }

  /** Sends a GET request. `headers` is JSON. Undefined where no answer came. */
  async get(url: string, headers: string): Promise<Answer | undefined> {
    const fields = JSON.parse(headers) as Record<string, string>;
    if (this.early?.url === url && Object.keys(fields).length === 0) {
      const { answer } = this.early;
      this.early = null;
      return answer;
    }
    if (this.early) await this.forget();
    return this.send(url, fields);
  }

  private async send(url: string, headers: Record<string, string>): Promise<Answer | undefined> {
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    this.unanswered.add(abort);
    let response: Response;
    try {
      // The browser's own cache would be a second copy on the disk, and one that nobody lists.
      const sent = fetch(url, { headers, signal: abort.signal, cache: "no-store" });
      response = await unlessStalled(sent, stop);
    } catch {
      return undefined;
    } finally {
      this.unanswered.delete(abort);
    }
    const reader = response.body?.getReader();
    return {
      status: response.status,
      headers: JSON.stringify(Object.fromEntries(response.headers)),
      read: () => readPiece(reader, stop),
      close: () => {
        stop();
        return Promise.resolve();
      },
    };
  }
}

async function readPiece(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  stalled: () => void,
): Promise<Piece> {
  if (!reader) return { chunk: undefined, dropped: false };
  try {
    const { value } = await unlessStalled(reader.read(), stalled);
    return { chunk: value, dropped: false };
  } catch {
    return { chunk: undefined, dropped: true };
  }
}
