/**
 * Downloads for source.py, which knows when to resume and when to give up.
 *
 * In: an address and request headers. Out: status, headers and a body to be read chunk by chunk; undefined, or a chunk
 * marked as dropped, where the network failed. Chunks stay JavaScript's: they go from here to the arena.
 */

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

  /** Sends the first request before anybody can read its body, while the engine is still starting. */
  prefetch(url: string): void {
    this.early = { url, answer: this.send(url, {}) };
  }

  /** Lets go of a first request that nobody took up. */
  async forget(): Promise<void> {
    const early = this.early;
    this.early = null;
    await (await early?.answer)?.close();
  }

  /** Sends a GET request. `headers` is JSON. Undefined where no answer came. */
  async get(url: string, headers: string): Promise<Answer | undefined> {
    const fields = JSON.parse(headers) as Record<string, string>;
    if (this.early?.url === url && Object.keys(fields).length === 0) {
      const { answer } = this.early;
      this.early = null;
      return answer;
    }
    await this.forget();
    return this.send(url, fields);
  }

  private async send(url: string, headers: Record<string, string>): Promise<Answer | undefined> {
    const abort = new AbortController();
    let response: Response;
    try {
      // The browser's own cache would be a second copy on the disk, and one that nobody lists.
      response = await fetch(url, { headers, signal: abort.signal, cache: "no-store" });
    } catch {
      return undefined;
    }
    const reader = response.body?.getReader();
    return {
      status: response.status,
      headers: JSON.stringify(Object.fromEntries(response.headers)),
      read: () => readPiece(reader),
      close: () => {
        abort.abort();
        return Promise.resolve();
      },
    };
  }
}

async function readPiece(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<Piece> {
  if (!reader) return { chunk: undefined, dropped: false };
  try {
    const { value } = await reader.read();
    return { chunk: value, dropped: false };
  } catch {
    return { chunk: undefined, dropped: true };
  }
}
