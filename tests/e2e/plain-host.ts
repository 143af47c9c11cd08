// SPDX-License-Identifier: Apache-2.0
/**
 * A static host as there are many: it sends files with a tag and ten minutes of life, as GitHub Pages does, and no header that
 * isolates a page, unless it is told to.
 *
 * In: a folder, the path that it is served below, and headers for every answer. Out: the site's address, and how often each file's bytes were sent.
 */
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".webmanifest": "application/manifest+json",
};

export class PlainHost {
  /** How often the bytes of each file were sent, by its path below the site. */
  readonly sent = new Map<string, number>();
  private readonly server: Server;

  private constructor(
    private readonly folder: string,
    private readonly below: string,
    private readonly headers: Readonly<Record<string, string>>,
  ) {
    this.server = createServer((request, response) => this.answer(request, response));
  }

  /** @param below with a slash at both ends. */
  static async start(
    folder: string,
    below = "/",
    headers: Readonly<Record<string, string>> = {},
  ): Promise<PlainHost> {
    const host = new PlainHost(folder, below, headers);
    await new Promise<void>((resolve) => host.server.listen(0, resolve));
    return host;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(name = "localhost"): string {
    return `http://${name}:${this.port}${this.below}`;
  }

  /** May be called twice. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURI(new URL(request.url ?? "/", "http://host").pathname);
    const name =
      normalize(path.slice(this.below.length)) === "."
        ? "index.html"
        : normalize(path.slice(this.below.length));
    const file = join(this.folder, name);
    if (!path.startsWith(this.below) || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    const { size, mtimeMs } = statSync(file);
    const tag = `"${size}-${mtimeMs}"`;
    const headers = { ...this.headers, ETag: tag, "Cache-Control": "max-age=600" };
    if (request.headers["if-none-match"] === tag) {
      response.writeHead(304, headers).end();
      return;
    }
    this.sent.set(name, (this.sent.get(name) ?? 0) + 1);
    const type = TYPES[extname(name)] ?? "application/octet-stream";
    response.writeHead(200, { ...headers, "Content-Type": type, "Content-Length": size });
    createReadStream(file).pipe(response);
  }
}
