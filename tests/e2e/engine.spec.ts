/** The engine in a real browser: real Python, real kernels, the real model, and the faults that files and servers have. */

import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { expect, test, type Page } from "@playwright/test";
import {
  DEMO,
  DEMO_REQUEST,
  lastOf,
  open,
  openAndAbort,
  openUnverified,
  story,
  textOf,
  tinyModel,
  tokensOf,
  visit,
  write,
  writtenByCommandLine,
} from "./engine-page";
import { FileServer, type Faults } from "./file-server";

const PROMPT = "Once upon a time";
const WARM = { temperature: 0.8, topP: 0.95, seed: "42" };

const tiny = tinyModel();
const tinyDigest = createHash("sha256").update(tiny).digest("hex");
const tinyPinned = { sha256: tinyDigest, size: tiny.length };

/** Runs a test with a server for one file. */
async function served(
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

async function opened(page: Page): Promise<void> {
  const outcome = await open(page, DEMO_REQUEST);
  expect(outcome.error).toBeUndefined();
}

async function written(page: Page, ...args: Parameters<typeof write> extends [Page, ...infer R] ? R : never) {
  const outcome = await write(page, ...args);
  expect(outcome.error).toBeUndefined();
  return outcome.ok ?? [];
}

test.beforeEach(async ({ page }) => visit(page));

test("the demo model: digest, verdict, figures, and the same tokens as on the command line", async ({
  page,
}) => {
  const outcome = await open(page, DEMO_REQUEST);
  if (outcome.ok?.kind !== "ready") throw new Error(JSON.stringify(outcome));
  const { model, verdict, memory } = outcome.ok;
  expect(verdict.kind).toBe("pinned");
  expect(verdict.actual).toEqual({ sha256: DEMO.sha256, sha3_256: null, size: DEMO.size });
  expect(model).toMatchObject({
    architecture: "llama",
    quantisation: "Q4_1",
    hasChatTemplate: true,
    stored: true,
  });
  expect(model.parameters).toBe(134_515_008);
  expect(memory.arena).toBeLessThan(DEMO.size + 150e6);

  const events = await written(page, story(PROMPT, 16));
  const expected = writtenByCommandLine(PROMPT, 16);
  expect(tokensOf(events)).toEqual(expected.tokens);
  expect(textOf(events)).toBe(expected.text);
  const last = lastOf(events);
  expect(last.reason).toBe("length");
  expect(last.stats.tokensPerSecond).toBeGreaterThan(0);
  expect(last.stats.timeToFirstToken).toBeGreaterThan(0);
  expect(last.record).toMatchObject({
    model: { sha256: DEMO.sha256 },
    tokens: expected.tokens,
    prompt: PROMPT,
  });
});

test("a second visit reads the model from this browser's storage", async ({ page, context }) => {
  await opened(page);
  await context.route("**/models/**", (route) => route.abort());
  await visit(page);
  await opened(page);
  const report = await page.evaluate(() => window.held.client!.storage());
  expect(report.models).toEqual([
    { sha256: DEMO.sha256, name: DEMO.url.slice("models/".length), bytes: DEMO.size },
  ]);
  const emptied = await page.evaluate((sha256) => window.held.client!.storage(sha256), DEMO.sha256);
  expect(emptied).toMatchObject({ models: [], used: 0 });
});

test("the same seed gives the same story, stopped and continued or in one go", async ({ page }) => {
  await opened(page);
  const first = await written(page, story(PROMPT, 24, WARM));
  const second = await written(page, story(PROMPT, 24, WARM));
  expect(tokensOf(second)).toEqual(tokensOf(first));
  expect(lastOf(second).record).toEqual(lastOf(first).record);

  const begun = await written(page, story(PROMPT, 24, WARM), 6);
  expect(lastOf(begun).reason).toBe("stopped");
  const done = tokensOf(begun).length;
  const rest = await written(page, { kind: "continue", maxTokens: 24 - done });
  expect([...tokensOf(begun), ...tokensOf(rest)]).toEqual(tokensOf(first));
  expect(textOf(begun) + textOf(rest)).toBe(textOf(first));

  const other = await written(page, story(PROMPT, 24, { ...WARM, seed: "43" }));
  expect(tokensOf(other)).not.toEqual(tokensOf(first));
});

test("a random seed is told, and gives the same story again", async ({ page }) => {
  await opened(page);
  const first = await written(page, story(PROMPT, 8, { ...WARM, seed: null }));
  const started = first[0];
  if (started?.kind !== "started") throw new Error("it did not start");
  expect(started.seed).toMatch(/^\d+$/);
  const second = await written(page, story(PROMPT, 8, { ...WARM, seed: started.seed }));
  expect(tokensOf(second)).toEqual(tokensOf(first));
});

test("prompts that are hard to read: lone surrogates, emoji, right to left, none, far too long", async ({
  page,
}) => {
  await opened(page);
  for (const prompt of ["\ud83d alone \udc00", "🦊🌲 The fox", "פעם אחת"]) {
    const events = await written(page, story(prompt, 4));
    expect(lastOf(events).stats.tokens).toBe(4);
    expect(JSON.stringify(lastOf(events).record)).not.toMatch(/\\ud[89a-f]/i);
  }
  expect((await write(page, story("", 4))).error?.code).toBe("empty-prompt");
  const long = await write(page, story("word ".repeat(20_000), 4));
  expect(long.error?.code).toBe("prompt-too-long");
  expect(long.error?.message).toContain("2,048");
  expect((await write(page, story(PROMPT, 4, { seed: "-1" }))).error?.code).toBe("invalid-setting");
  expect((await write(page, story(PROMPT, 4, { temperature: -1 }))).error?.code).toBe("invalid-setting");
  await written(page, story(PROMPT, 2)); // still usable
});

test("one flipped byte of the real model is refused, and the next model opens", async ({ page }) => {
  await served(DEMO.path, { flip: 50_000_000 }, async (server) => {
    const outcome = await open(page, { ...DEMO_REQUEST, source: { kind: "url", url: server.url } });
    expect(outcome.error?.code).toBe("digest-mismatch");
    expect(outcome.error?.verdict).toMatchObject({ kind: "refused", expected: { sha256: DEMO.sha256 } });
    expect(outcome.error?.verdict?.actual?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
  const report = await page.evaluate(() => window.held.client!.storage());
  expect(report.used).toBe(0);
  await opened(page);
});

test("a connection that drops is resumed with a Range request", async ({ page }) => {
  await served(DEMO.path, { drops: [30_000_000, 20_000_000] }, async (server) => {
    const outcome = await open(page, { ...DEMO_REQUEST, source: { kind: "url", url: server.url } });
    expect(outcome.error).toBeUndefined();
    expect(server.ranges).toHaveLength(3);
    expect(server.ranges[0]).toBeNull();
    expect(server.ranges[2]).toMatch(/^bytes=\d+-$/);
  });
});

test("Stop during a download; the next attempt goes on where it stopped", async ({ page }) => {
  await served(DEMO.path, { slow: 2 }, async (server) => {
    const request = { ...DEMO_REQUEST, source: { kind: "url" as const, url: server.url } };
    const stopped = await openAndAbort(page, request, 10_000_000);
    expect(stopped.code).toBe("cancelled");
    const outcome = await open(page, request);
    expect(outcome.error).toBeUndefined();
    expect(server.ranges).toHaveLength(2);
    expect(Number(/bytes=(\d+)-/.exec(server.ranges[1] ?? "")?.[1])).toBeGreaterThanOrEqual(10_000_000);
  });
});

test("a server that is not there is told so", async ({ page }) => {
  const server = await FileServer.start(tiny);
  const { url } = server;
  await server.stop();
  const outcome = await open(page, { source: { kind: "url", url }, pinned: tinyPinned });
  expect(outcome.error?.code).toBe("source-unreachable");
});

test("a file that nobody vouches for runs only once its digest is accepted", async ({ page }) => {
  await served(tiny, {}, async (server) => {
    const request = { source: { kind: "url" as const, url: server.url }, pinned: null };
    const asked = await open(page, request);
    expect(asked.ok).toMatchObject({
      kind: "needs-acceptance",
      verdict: { kind: "unverified", actual: { sha256: tinyDigest } },
    });
    const outcome = await open(page, { ...request, accept: tinyDigest });
    expect(outcome.ok).toMatchObject({ kind: "ready", verdict: { kind: "unverified" } });
    expect(server.ranges).toHaveLength(1); // accepted as it lay in memory
    await written(page, story("abc", 4));
  });
});

/** Takes away what the page needs for shared memory, and so for threads. */
async function withoutIsolation(page: Page): Promise<void> {
  await page.route("**/engine.html", async (route) => {
    const response = await route.fetch();
    const headers = Object.entries(response.headers()).filter(([name]) => !name.startsWith("cross-origin-"));
    await route.fulfill({ response, headers: Object.fromEntries(headers) });
  });
}

/** Takes away the kernels with the relaxed integer dot product, as a browser without it does. */
async function withoutRelaxedKernels(page: Page): Promise<void> {
  await page.context().route("**/kernels/relaxed*", (route) => route.abort());
}

test("every build of the kernels, with threads and without, writes the same bits", async ({ page }) => {
  const stories: unknown[] = [];
  const setups: string[] = [];
  const wish = story("Once upon", 40, { temperature: 50, seed: "9" }); // tiny models are very sure of themselves
  await served(tiny, {}, async (server) => {
    const request = { source: { kind: "url" as const, url: server.url }, pinned: tinyPinned };
    const writeOne = async (): Promise<void> => {
      await visit(page);
      expect((await open(page, request)).error).toBeUndefined();
      const info = await page.evaluate(() => window.held.client!.ready());
      setups.push(`${info.kernels}, ${info.threads > 1 ? "threads" : "one thread"}`);
      stories.push((await written(page, wish)).filter((event) => event.kind === "token"));
    };
    await writeOne();
    await withoutIsolation(page);
    await writeOne();
    await withoutRelaxedKernels(page);
    await writeOne();
    await page.unroute("**/engine.html");
    await writeOne();
  });
  expect((stories[0] as unknown[]).length).toBeGreaterThan(10);
  for (const other of stories.slice(1)) expect(other).toEqual(stories[0]);
  const many = availableParallelism() > 1 ? "threads" : "one thread";
  expect(setups).toEqual([
    `relaxed, ${many}`,
    "relaxed, one thread",
    "baseline, one thread",
    `baseline, ${many}`,
  ]);
});

test("an own file is opened without any server", async ({ page }) => {
  const bytes = [...tiny];
  const outcome = await page.evaluate(async (data) => {
    const file = new File([new Uint8Array(data)], "own.gguf");
    const source = { kind: "file" as const, file };
    const asked = await window.held.client!.open({ source, pinned: null });
    if (asked.kind !== "needs-acceptance") throw new Error("it was not asked for");
    return window.held.client!.open({ source, pinned: null, accept: asked.verdict.actual?.sha256 ?? null });
  }, bytes);
  expect(outcome).toMatchObject({ kind: "ready", model: { digests: { sha256: tinyDigest } } });
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

test("files that are no model, or not one that runs, each with its own error", async ({ page }) => {
  for (const { name, file, faults, code } of HOSTILE) {
    await served(file, faults ?? {}, async (server) => {
      const outcome = await openUnverified(page, server.url);
      expect(outcome.error?.code, name).toBe(code);
      expect(outcome.error?.message, name).toMatch(/\.$/);
    });
  }
  await served(tiny.subarray(0, -1), {}, async (server) => {
    const outcome = await open(page, { source: { kind: "url", url: server.url }, pinned: tinyPinned });
    expect(outcome.error?.code).toBe("wrong-size");
  });
  await served(tiny, {}, async (server) => {
    const outcome = await openUnverified(page, server.url);
    expect(outcome.error).toBeUndefined();
  });
  expect(await page.evaluate(() => window.held.crashes)).toEqual([]);
});

test("a model that memory cannot hold is refused before it is downloaded", async ({ page }) => {
  await served(tiny, {}, async (server) => {
    await page.evaluate(() => window.held.client!.ready()); // before, a connection is made ahead
    const pinned = { sha256: tinyDigest, size: 5e9 };
    const outcome = await open(page, { source: { kind: "url", url: server.url }, pinned });
    expect(outcome.error?.code).toBe("model-too-large");
    expect(outcome.error?.message).toMatch(/5,1\d\d MB .* 4,295 MB/);
    expect(server.ranges).toEqual([]);
  });
});

test("randomness in the worker comes from the seeded generator", async ({ page }) => {
  const draw = async (): Promise<number[]> => {
    const info = await page.evaluate(() => window.held.client!.ready());
    expect(info.numericsVersion).toBeGreaterThan(0);
    return page.workers()[0]!.evaluate(() => [...crypto.getRandomValues(new Uint8Array(8))]);
  };
  const first = await draw();
  await visit(page);
  expect(await draw()).toEqual(first);
});

test("a crash is told, and the next request starts a new engine", async ({ page }) => {
  await page.evaluate(() => window.held.client!.ready());
  const pending = page.evaluate(async () => {
    const waiting = window.held.client!.storage().then(() => "answered");
    return waiting.catch((thrown: { code: string }) => thrown.code);
  });
  await pending;
  await page.workers()[0]!.evaluate(() => void Promise.reject(new Error("a fault of a test")));
  await page.waitForFunction(() => window.held.crashes.length === 1);
  expect(await page.evaluate(() => window.held.crashes)).toEqual(["engine-crashed"]);
  const info = await page.evaluate(() => window.held.client!.ready());
  expect(info.kernels).toMatch(/relaxed|baseline/);
});
