// SPDX-License-Identifier: Apache-2.0
/**
 * The golden runs in Chromium, with one and with two threads, and a part with four and eight: the same bits as under wasmtime.
 *
 * SmolLM2 writes after four of the twenty prompts here, which takes a minute; stories260K and the tiny models of every
 * block type write all their runs.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import {
  DEVICE_PATH,
  deviceAnswer,
  MORE_CORES,
  perform,
  runsOf,
  sha256Of,
  TINY_MODELS,
  tinyFile,
  writeTinyModels,
  type Result,
  type Task,
} from "../golden-runs";
import { DEMO_REQUEST, visit, withoutIsolation } from "./engine-page";
import { served } from "./file-server";
import { at, modelAt } from "../requests";

const STORIES = "tests/fixtures/stories260K.bin";
const STORIES_TOKENIZER = "tests/fixtures/tok512.bin";
const STORIES_TOKENIZER_SHA256 = "037cb335abb25d1fa9e8ecae30ed2a3a8ace9302862ebcdc05d51a6bbb10c312";
const SMOLLM2_PROMPTS = ["plain", "code", "emoji", "long"];
const COUNTS = [1, 2];

const folder = mkdtempSync(join(tmpdir(), "taleproof-golden-"));

test.beforeAll(() => writeTinyModels(folder));
test.afterAll(() => rmSync(folder, { recursive: true }));

function performed(page: Page, task: Task): Promise<Result> {
  return page.evaluate(perform, task);
}

/** stories260K with its tokenizer, each from a server of its own. */
async function withStories(work: (open: Task["open"]) => Promise<void>): Promise<void> {
  await served(STORIES, {}, async (model) => {
    await served(STORIES_TOKENIZER, {}, async (tokenizer) => {
      const words = at(tokenizer.url, { sha256: STORIES_TOKENIZER_SHA256 }, "tokenizer");
      await work({ sources: [...pinned("stories260K", model.url).sources, words] });
    });
  });
}

/** Writes a model's runs and compares; returns what the engine said of itself. */
async function compare(
  page: Page,
  name: string,
  open: Task["open"],
  threads: number | null,
  prompts?: string[],
  cores?: number,
) {
  const { asked, expected } = runsOf(name, prompts);
  const { stories, ...engine } = await performed(page, { open, threads, stories: asked, cores });
  expect(engine.error, name).toBeNull();
  expect(stories, name).toEqual(expected);
  return engine;
}

function pinned(name: string, url: string): Task["open"] {
  return modelAt(url, { sha256: sha256Of(name) });
}

test.describe("with the threads of this device", () => {
  // One page for all: the number of threads changes while the engine runs.
  let page: Page;

  test.beforeAll(async ({ browser }) => {
    page = await browser.newPage();
    await visit(page);
  });
  test.afterAll(() => page.close());

  for (const threads of COUNTS) {
    const words = threads === 1 ? "one thread" : `${threads} threads`;
    const possible = Math.min(threads, availableParallelism());

    test(`SmolLM2 with ${words}`, async () => {
      const engine = await compare(page, "smollm2", DEMO_REQUEST, threads, SMOLLM2_PROMPTS);
      expect(engine.threads).toBe(possible);
    });

    test(`stories260K and every block type with ${words}`, async () => {
      await withStories(async (request) => {
        const engine = await compare(page, "stories260K", request, threads);
        expect(engine.threads).toBe(possible);
      });
      for (const name of TINY_MODELS) {
        await served(join(folder, tinyFile(name)), {}, async ({ url }) => {
          await compare(page, name, pinned(name, url), threads);
        });
      }
    });
  }
});

for (const cores of MORE_CORES) {
  test(`SmolLM2 on a device of ${cores} cores, with any number of its threads and with all`, async ({
    page,
  }) => {
    test.slow(); // 22 s of processor time, which were four minutes at a load of 25 on two cores
    await page
      .context()
      .route(`**${DEVICE_PATH}?*`, (route) =>
        route.fulfill({ status: 200, ...deviceAnswer(route.request().url()) }),
      );
    for (const threads of [null, cores]) {
      await visit(page);
      const engine = await compare(page, "smollm2", DEMO_REQUEST, threads, ["plain"], cores);
      expect([engine.threads, engine.threadsReason]).toEqual([cores, null]);
    }
  });
}

test("a page that is not isolated writes the same with one thread, and says why it is one", async ({
  page,
}) => {
  await withoutIsolation(page);
  await visit(page);
  await withStories(async (request) => {
    const engine = await compare(page, "stories260K", request, null);
    expect(engine.threads).toBe(1);
    if (availableParallelism() > 1) expect(engine.threadsReason).toContain("not isolated");
  });
});

test("helpers that cannot be loaded mean one thread, and the same story", async ({ page }) => {
  await page.context().route(/\/helper[^/]*\.js$/, (route) => route.abort());
  await visit(page);
  await withStories(async (request) => {
    const engine = await compare(page, "stories260K", request, null);
    expect(engine.threads).toBe(1);
    if (availableParallelism() > 1) expect(engine.threadsReason).toContain("helper");
  });
});
