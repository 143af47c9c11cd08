// SPDX-License-Identifier: Apache-2.0
/** The engine in a real browser: real Python, real kernels, the real model. */

import { availableParallelism } from "node:os";
import { expect, test, type Page, type Response } from "@playwright/test";
import {
  DEMO,
  DEMO_REQUEST,
  TINY,
  lastOf,
  open,
  opened,
  story,
  textOf,
  tokensOf,
  visit,
  withoutIsolation,
  write,
  writtenByCommandLine,
  written,
} from "./engine-page";
import { served } from "./file-server";

const PROMPT = "Once upon a time";
const WARM = { temperature: 0.8, topP: 0.95, seed: "42" };

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

test("Stop in a long opening comes one step later at most, and the story goes on as if it had not been", async ({
  page,
}) => {
  await opened(page);
  const wish = story(`${PROMPT} there was a fox. `.repeat(60), 4, WARM);
  const steps = await page.evaluate(async (request) => {
    const told: { done: number; stopped: boolean }[] = [];
    const abort = new AbortController();
    for await (const event of window.held.client!.write(request, abort.signal)) {
      if (event.kind === "prefill")
        told.push({ done: event.done / event.total, stopped: abort.signal.aborted });
      if (told.length === 3) abort.abort();
    }
    return told;
  }, wish);
  expect(steps.filter((step) => step.stopped).length).toBeLessThanOrEqual(1);
  expect(steps.at(-1)?.done).toBeLessThan(0.5);
  const rest = await written(page, { kind: "continue", maxTokens: 4 });
  const whole = await written(page, wish);
  expect(tokensOf(rest)).toHaveLength(4);
  expect(lastOf(rest).record).toEqual(lastOf(whole).record);
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

/** Takes away the kernels with the relaxed integer dot product, as a browser without it does. */
async function withoutRelaxedKernels(page: Page): Promise<void> {
  await page.context().route("**/kernels/relaxed*", (route) => route.abort());
}

test("every build of the kernels, with threads and without, writes the same bits", async ({ page }) => {
  const stories: unknown[] = [];
  const setups: string[] = [];
  const wish = story("Once upon", 40, { temperature: 50, seed: "9" }); // tiny models are very sure of themselves
  await served(TINY.file, {}, async (server) => {
    const request = { source: { kind: "url" as const, url: server.url }, pinned: { sha256: TINY.sha256 } };
    const writeOne = async (): Promise<void> => {
      await visit(page);
      expect((await open(page, request)).error).toBeUndefined();
      const info = await page.evaluate(() => window.held.client!.ready());
      const threads = await page.evaluate((all) => window.held.client!.useThreads(all), info.threads);
      setups.push(`${info.kernels}, ${threads > 1 ? "threads" : "one thread"}`);
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

/** Replaces kernels on their way by ones whose integer dot product is another instruction. */
async function withDoctoredKernels(
  page: Page,
  name: string,
  right: number[],
  wrong: number[],
): Promise<void> {
  await page.context().route(`**/kernels/${name}*`, async (route) => {
    const response = await route.fetch();
    const code = await response.body();
    for (let at = code.indexOf(Buffer.from(right)); at >= 0; at = code.indexOf(Buffer.from(right), at))
      Buffer.from(wrong).copy(code, at);
    await route.fulfill({ response, body: code });
  });
}

test("kernels that compute something else are passed over; where none is left, the engine refuses to start", async ({
  page,
}) => {
  const start = (): Promise<unknown> =>
    page.evaluate(() =>
      window.held.client!.ready().then(
        ({ kernels, kernelsReason }) => [kernels, kernelsReason],
        (thrown: { code: string }) => thrown.code,
      ),
    );
  const [dot, mul, sub] = [
    [0xfd, 0x92, 0x02], // i16x8.relaxed_dot_i8x16_i7x16_s
    [0xfd, 0x95, 0x01], // i16x8.mul
    [0xfd, 0x91, 0x01], // i16x8.sub
  ];
  await withDoctoredKernels(page, "relaxed", dot!, mul!);
  expect(await start()).toEqual(["baseline", expect.stringContaining("compute something else")]);
  await withDoctoredKernels(page, "baseline", mul!, sub!);
  await visit(page);
  expect(await start()).toBe("wrong-kernels");
});

test("Python starts from its picture and its bytecode, and without them too", async ({ page, context }) => {
  const started = async (): Promise<string[]> => {
    const fetched: string[] = [];
    const note = (response: Response): void => {
      const name = new URL(response.url()).pathname.split("/").at(-1) ?? "";
      if (response.ok() && /wasm$|snapshot$|bytecode/.test(name)) fetched.push(name);
    };
    context.on("response", note);
    const info = await page.evaluate(() => window.held.client!.ready());
    expect(info.python).toMatch(/^3\.14/);
    context.off("response", note);
    return fetched.filter((name) => !/relaxed|baseline/.test(name)).sort();
  };
  // Python's own module is fetched once: a start from the picture that failed would fetch it again.
  expect(await started()).toEqual(["bytecode.zip", "pyodide.asm.wasm", "python.snapshot"]);
  await context.route(/snapshot$|bytecode/, (route) => route.abort());
  await visit(page);
  expect(await started()).toEqual(["pyodide.asm.wasm"]);
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

test("a helper that was killed is told as a crash, and the next request starts a new engine", async ({
  page,
}) => {
  test.skip(availableParallelism() < 2, "one core has no helpers");
  // A helper that says it is ready, and is gone.
  const gone = `onmessage = () => {
    postMessage("ready");
    close();
  };`;
  const helper = /\/helper[^/]*\.js$/;
  await page.context().route(helper, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: gone });
  });
  await visit(page);
  await opened(page);
  expect(await page.evaluate(() => window.held.client!.useThreads(2))).toBe(2);
  expect((await write(page, story(PROMPT, 4))).error?.code).toBe("engine-crashed");
  expect(await page.evaluate(() => window.held.crashes)).toEqual(["engine-crashed"]);
  await page.context().unroute(helper);
  await opened(page);
  expect(tokensOf(await written(page, story(PROMPT, 4)))).toHaveLength(4);
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
