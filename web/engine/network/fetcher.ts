// SPDX-License-Identifier: Apache-2.0
/**
 * Downloads for io/download.py, which knows when to resume and when to give up.
 *
 * In: an address and request headers. Out: status, headers and a body that goes to the arena chunk by chunk; undefined, or
 * DROPPED, where the network failed or has gone quiet (stall.ts). Python is told only how many bytes came.
 */

import type { Sink } from "../memory/sink";
import { unlessStalled } from "./stall";

/** In place of a number of bytes: the connection dropped. */
export const DROPPED = -1;

export interface Answer {
  status: number;
  /** As JSON, names in lower case. */
  headers: string;
  /**
   * Puts the next bytes into a sink, without the first `skip` of them. Returns how many came, also where there was no room for
   * them; 0 at the end of the body.
   */
  into(sink: Pick<Sink, "take">, skip: number): Promise<number>;
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
    const body = new Body(response.body?.getReader(), stop);
    return {
      status: response.status,
      headers: JSON.stringify(Object.fromEntries(response.headers)),
      into: (sink, skip) => body.into(sink, skip),
      close: () => {
        stop();
        return Promise.resolve();
      },
    };
  }
}

class Body {
  /** Of the last chunk, what there was no room for yet. */
  private rest = new Uint8Array(0);

  constructor(
    private readonly reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined,
    private readonly stalled: () => void,
  ) {}

  async into(sink: Pick<Sink, "take">, skip: number): Promise<number> {
    while (this.rest.length <= skip) {
      skip -= this.rest.length;
      let chunk: Uint8Array<ArrayBuffer> | undefined;
      try {
        chunk = this.reader && (await unlessStalled(this.reader.read(), this.stalled)).value;
      } catch {
        return DROPPED;
      }
      this.rest = chunk ?? new Uint8Array(0);
      if (chunk === undefined) return 0;
    }
    const chunk = this.rest.subarray(skip);
    const taken = sink.take(chunk);
    this.rest = chunk.subarray(taken);
    return taken || chunk.length;
  }
}
