// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { webSource } from "../../../scripts/lib/download.mjs";

let folder: string;
let server: Server | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taleproof-download-"));
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  server?.closeAllConnections();
  server?.close();
  server = null;
});

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}/`;
}

const file = { name: "numpy.whl", sha256: "0".repeat(64) };

it("puts each file into the folder", async () => {
  const base = await serve((request, answer) => answer.end(`bytes of ${request.url}`));
  await webSource("a CDN", base).fetch([file], folder);
  expect(readFileSync(join(folder, file.name), "utf8")).toBe("bytes of /numpy.whl");
});

it("tells a connection that drops half-way from a finished download", async () => {
  const base = await serve((_request, answer) => {
    answer.writeHead(200, { "content-length": "1000" });
    answer.write("half", () => answer.destroy());
  });
  await expect(webSource("a CDN", base).fetch([file], folder)).rejects.toMatchObject({ code: "no-network" });
});

it("refuses an error page", async () => {
  const base = await serve((_request, answer) => answer.writeHead(503).end("later"));
  await expect(webSource("a CDN", base).fetch([file], folder)).rejects.toMatchObject({ code: "no-network" });
});

it("names the remedy where nobody answers", async () => {
  const base = await serve(() => {});
  server?.close();
  const attempt = webSource("a CDN", base).fetch([file], folder);
  await expect(attempt).rejects.toThrow(/Check the connection/);
});
