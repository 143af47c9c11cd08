// SPDX-License-Identifier: Apache-2.0
/** Where models come from, in a real browser: servers and connections with their faults, own files, files that are no model. */

import { createHash } from "node:crypto";
import { expect, test, type Page } from "@playwright/test";
import {
  DEMO,
  demoAt,
  TINY,
  open,
  openAndAbort,
  openUnverified,
  opened,
  story,
  tinyFolder,
  visit,
  written,
} from "./engine-page";
import { FileServer, served, type Faults } from "./file-server";
import { modelAt } from "../requests";
import { withAcceptance } from "../../web/engine/acceptance";

const { file: tiny, sha256: tinyDigest } = TINY;
const tinyPinned = { sha256: TINY.sha256, size: tiny.length };

const digestOf = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");

/** Files as they can be handed to the page. */
function encoded(files: Record<string, Buffer>): Record<string, string> {
  const pairs = Object.entries(files).map(([name, data]) => [name, data.toString("base64")]);
  return Object.fromEntries(pairs) as Record<string, string>;
}

// One page for all, with nothing kept in its storage when a test begins: a start takes longer than what is asked here.
let page: Page;

test.beforeAll(async ({ browser }) => {
  page = await browser.newPage();
  await visit(page);
});
test.beforeEach(() =>
  page.evaluate(async () => {
    const client = window.held.client!;
    for (const { sha256 } of (await client.storage()).models) await client.storage(sha256);
  }),
);
test.afterAll(() => page.close());

test("one flipped byte of the real model is refused, and the next model opens", async () => {
  await served(DEMO.path, { flip: 50_000_000 }, async (server) => {
    const outcome = await open(page, demoAt(server.url));
    expect(outcome.error?.code).toBe("digest-mismatch");
    expect(outcome.error?.verdict).toMatchObject({ kind: "refused", expected: { sha256: DEMO.sha256 } });
    expect(outcome.error?.verdict?.actual?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
  const report = await page.evaluate(() => window.held.client!.storage());
  expect(report.used).toBe(0);
  await opened(page);
});

test("a connection that drops is resumed with a Range request", async () => {
  await served(DEMO.path, { drops: [30_000_000, 20_000_000] }, async (server) => {
    const outcome = await open(page, demoAt(server.url));
    expect(outcome.error).toBeUndefined();
    expect(server.ranges).toHaveLength(3);
    expect(server.ranges[0]).toBeNull();
    expect(server.ranges[2]).toMatch(/^bytes=\d+-$/);
  });
});

test("Stop during a download; the next attempt goes on where it stopped", async () => {
  await served(DEMO.path, { slow: 2 }, async (server) => {
    const request = demoAt(server.url);
    const stopped = await openAndAbort(page, request, 10_000_000);
    expect(["cancelled", "download-stopped"]).toContain(stopped.code); // the second where Python hears of it itself
    const outcome = await open(page, request);
    expect(outcome.error).toBeUndefined();
    expect(server.ranges).toHaveLength(2);
    expect(Number(/bytes=(\d+)-/.exec(server.ranges[1] ?? "")?.[1])).toBeGreaterThanOrEqual(10_000_000);
  });
});

test("a server that is not there is told so", async () => {
  const server = await FileServer.start(tiny);
  const { url } = server;
  await server.stop();
  const outcome = await open(page, modelAt(url, tinyPinned));
  expect(outcome.error?.code).toBe("source-unreachable");
});

test("a file that nobody vouches for runs only once its digest is accepted", async () => {
  await served(tiny, {}, async (server) => {
    const request = modelAt(server.url);
    const asked = await open(page, request);
    expect(asked.ok).toMatchObject({
      kind: "needs-acceptance",
      verdict: { kind: "unverified", actual: { sha256: tinyDigest } },
    });
    const outcome = await open(page, withAcceptance(request, "model", tinyDigest));
    expect(outcome.ok).toMatchObject({ kind: "ready", verdict: { kind: "unverified" } });
    expect(server.ranges).toHaveLength(1); // accepted as it lay in memory
    await written(page, story("abc", 4));
  });
});

test("an own file is opened without any server", async () => {
  const bytes = [...tiny];
  const outcome = await page.evaluate(async (data) => {
    const file = new File([new Uint8Array(data)], "own.gguf");
    const own = { role: "model" as const, source: { kind: "file" as const, file }, pinned: null };
    const asked = await window.held.client!.open({ sources: [own] });
    if (asked.kind !== "needs-acceptance") throw new Error("it was not asked for");
    const accept = asked.verdict.actual?.sha256 ?? null;
    return window.held.client!.open({ sources: [{ ...own, accept }] });
  }, bytes);
  expect(outcome).toMatchObject({ kind: "ready", model: { digests: { sha256: tinyDigest } } });
});

test("a folder of several files is opened as one model, and accepted by their list's digest", async () => {
  const files = tinyFolder();
  const names = Object.keys(files).filter((name) => name !== "README.md"); // which is no part of the model
  const list = names.sort().map((name) => `${digestOf(files[name] ?? "")}  ${name}\n`);
  const outcome = await page.evaluate(async (given) => {
    const sources = Object.entries(given).map(([name, base64]) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const source = { kind: "file" as const, file: new File([bytes], name) };
      return { role: "model" as const, source, pinned: null };
    });
    const asked = await window.held.client!.open({ sources });
    if (asked.kind !== "needs-acceptance") throw new Error("it was not asked for");
    const accept = asked.verdict.actual?.sha256 ?? null;
    const accepted = sources.map((each) => ({ ...each, accept }));
    return { asked, opened: await window.held.client!.open({ sources: accepted }) };
  }, encoded(files));
  expect(outcome.asked.files.map(({ name }) => name).sort()).toEqual(names);
  expect(outcome.opened).toMatchObject({
    kind: "ready",
    model: { format: "safetensors", digests: { sha256: digestOf(list.join("")) }, hasChatTemplate: true },
  });
  await written(page, story("abc", 4));
});

const HTML = Buffer.from("<!doctype html><title>Sign in</title><p>Please sign in.</p>");
const unknown = Buffer.from(tiny);
unknown.write("lhama", unknown.indexOf("llama"));

const HOSTILE: { name: string; file: Buffer; faults?: Faults; code: string }[] = [
  { name: "a web page", file: HTML, code: "html-instead-of-model" },
  {
    name: "a web page that says so",
    file: HTML,
    faults: { contentType: "text/html" },
    code: "html-instead-of-model",
  },
  { name: "an empty file", file: Buffer.alloc(0), code: "empty-file" },
  { name: "a truncated file", file: tiny.subarray(0, tiny.length - 1000), code: "truncated-file" },
  { name: "an extended file", file: Buffer.concat([tiny, Buffer.alloc(1000)]), code: "extended-file" },
  { name: "an unknown architecture", file: unknown, code: "unknown-architecture" },
  { name: "noise", file: createHash("sha512").update("noise").digest(), code: "unknown-format" },
];

test("files that are no model, or not one that runs, each with its own error", async () => {
  for (const { name, file, faults, code } of HOSTILE) {
    await served(file, faults ?? {}, async (server) => {
      const outcome = await openUnverified(page, server.url);
      expect(outcome.error?.code, name).toBe(code);
      expect(outcome.error?.message, name).toMatch(/\.$/);
    });
  }
  await served(tiny.subarray(0, -1), {}, async (server) => {
    const outcome = await open(page, modelAt(server.url, tinyPinned));
    expect(outcome.error?.code).toBe("wrong-size");
  });
  await served(tiny, {}, async (server) => {
    const outcome = await openUnverified(page, server.url);
    expect(outcome.error).toBeUndefined();
  });
  expect(await page.evaluate(() => window.held.crashes)).toEqual([]);
});

test("a model that memory cannot hold is refused before it is downloaded", async () => {
  await served(tiny, {}, async (server) => {
    await page.evaluate(() => window.held.client!.ready()); // before, a connection is made ahead
    const pinned = { sha256: tinyDigest, size: 5e9 };
    const outcome = await open(page, modelAt(server.url, pinned));
    expect(outcome.error?.code).toBe("model-too-large");
    expect(outcome.error?.message).toMatch(/5,1\d\d MB .* 4,295 MB/);
    expect(server.ranges).toEqual([]);
  });
});
