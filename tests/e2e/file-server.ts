// SPDX-License-Identifier: Apache-2.0
/**
 * A web server for one file, with the faults that real ones have.
 *
 * In: a file's bytes, or its path, and how to misbehave. Out: its address, and the requests that came. It is another
 * origin than the site's, so it also sends what lets a page of another site read it.
 */

import { open, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Faults {
  /** Ends the connection of each answer in turn after so many bytes of its body. */
  drops?: number[];
  /** Sends each answer in turn up to so many bytes of its body, and then nothing more. */
  stalls?: number[];
  /** Turns the bits of one byte, by its place in the file. */
  flip?: number;
  /** Answers without regard to Range. */
  noRanges?: boolean;
  /** Milliseconds between pieces. */
  slow?: number;
  contentType?: string;
}

const PIECE = 1 << 18;

async function bytesOf(file: string | Buffer, start: number, length: number): Promise<Buffer> {
  if (Buffer.isBuffer(file)) return Buffer.from(file.subarray(start, start + length));
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

export class FileServer {
  readonly ranges: (string | null)[] = [];
  private readonly drops: number[];
  private readonly stalls: number[];
  private readonly server: Server;

  private constructor(
    private readonly file: string | Buffer,
    private readonly size: number,
    private readonly faults: Faults,
  ) {
    this.drops = [...(faults.drops ?? [])];
    this.stalls = [...(faults.stalls ?? [])];
    this.server = createServer((request, response) => {
      this.answer(request, response).catch(() => response.destroy());
    });
  }

  static async start(file: string | Buffer, faults: Faults = {}): Promise<FileServer> {
    const size = Buffer.isBuffer(file) ? file.length : (await stat(file)).size;
    const server = new FileServer(file, size, faults);
    await new Promise<void>((resolve) => server.server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/model.gguf`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "*");
    response.setHeader("access-control-expose-headers", "*");
    if (request.method !== "GET") {
      response.end();
      return;
    }
    const range = request.headers.range ?? null;
    this.ranges.push(range);
    const start = range && !this.faults.noRanges ? Number(/^bytes=(\d+)-$/.exec(range)?.[1]) : 0;
    const place = `bytes ${start}-${this.size - 1}/${this.size}`;
    response.writeHead(start ? 206 : 200, {
      "content-type": this.faults.contentType ?? "application/octet-stream",
      "content-length": this.size - start,
      ...(start ? { "content-range": place } : {}),
    });
    await this.send(response, start);
  }

  private async send(response: ServerResponse, start: number): Promise<void> {
    const drop = this.drops.shift() ?? Infinity;
    const stall = this.stalls.shift() ?? Infinity;
    const end = start + Math.min(drop, stall);
    for (let at = start; at < this.size; at += PIECE) {
      const piece = await bytesOf(this.file, at, Math.min(PIECE, this.size - at, end - at));
      const flip = (this.faults.flip ?? -1) - at;
      if (flip >= 0 && flip < piece.length) piece[flip] = ~(piece[flip] ?? 0) & 255;
      if (!response.write(piece)) await new Promise((resolve) => response.once("drain", resolve));
      if (at + PIECE >= end) {
        // What was written must leave first, or the reader would see less of it than it was sent.
        await new Promise((resolve) => response.write("", resolve));
        if (stall <= drop) return;
        response.socket?.destroySoon();
        return;
      }
      if (this.faults.slow) await new Promise((resolve) => setTimeout(resolve, this.faults.slow));
    }
    response.end();
  }
}

/** Runs a test with a server for one file. */
export async function served(
  file: string | Buffer,
  faults: Faults,
  run: (server: FileServer) => Promise<void>,
): Promise<void> {
  const server = await FileServer.start(file, faults);
  try {
    await run(server);
  } finally {
    await server.stop();
  }
}
