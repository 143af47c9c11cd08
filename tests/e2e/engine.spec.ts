// SPDX-License-Identifier: Apache-2.0
/** How the engine starts in a real browser, real Python and real kernels, and what becomes of it when something fails. */

import { availableParallelism } from "node:os";
import { expect, test, type Page, type Response } from "@playwright/test";
import {
  DEMO,
  TINY,
  open,
  opened,
  story,
  tokensOf,
  visit,
  withoutIsolation,
  write,
  written,
} from "./engine-page";
import { served } from "./file-server";
import { modelAt } from "../requests";

const PROMPT = "Once upon a time";

test.beforeEach(async ({ page }) => visit(page));

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

/** Takes away the kernels with the relaxed integer dot product, as a browser without it does. */
async function withoutRelaxedKernels(page: Page): Promise<void> {
  await page.context().route("**/kernels/relaxed*", (route) => route.abort());
}

test("every build of the kernels, with threads and without, writes the same bits", async ({ page }) => {
  const stories: unknown[] = [];
  const setups: string[] = [];
  const wish = story("Once upon", 40, { temperature: 50, seed: "9" }); // tiny models are very sure of themselves
  await served(TINY.file, {}, async (server) => {
    const request = modelAt(server.url, { sha256: TINY.sha256 });
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
