// SPDX-License-Identifier: Apache-2.0
/**
 * The engine in Firefox and in WebKit: it opens a model, writes the golden runs to the bit, and refuses a changed file.
 *
 * In: dist/, as `npm run build` makes it.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Plugin } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { previewSite } from "../../scripts/lib/site.mjs";
import { served } from "../e2e/file-server";
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
  type Task,
} from "../golden-runs";
import { inEachBrowser } from "./browsers";
import { freePort, type DrivenBrowser } from "./driven";
import { at, modelAt } from "../requests";

const MODEL = "models/SmolLM2-135M-Instruct.Q4_1.gguf";
const STORIES = "tests/fixtures/stories260K.bin";
const STORIES_TOKENIZER = "tests/fixtures/tok512.bin";
const STORIES_TOKENIZER_SHA256 = "037cb335abb25d1fa9e8ecae30ed2a3a8ace9302862ebcdc05d51a6bbb10c312";
const SMOLLM2_PROMPTS = ["plain", "code", "emoji", "long"];
const ALL_THREADS = null;

const folder = mkdtempSync(join(tmpdir(), "taleproof-golden-"));
/** Answers for devices with other numbers of cores. */
const DEVICES: Plugin = {
  name: "devices",
  configurePreviewServer({ middlewares }) {
    middlewares.use(DEVICE_PATH, (request, response) => {
      const { headers, body } = deviceAnswer(request.url ?? "");
      response.writeHead(200, headers).end(body);
    });
  },
};
let site: Awaited<ReturnType<typeof previewSite>>;

beforeAll(async () => {
  writeTinyModels(folder);
  site = await previewSite({ port: await freePort(), strictPort: true }, [DEVICES]);
});

afterAll(async () => {
  await site.server.close();
  rmSync(folder, { recursive: true });
});

function pinned(name: string, url: string): Task["open"] {
  return modelAt(url, { sha256: sha256Of(name) });
}

/** Writes a model's runs and compares; returns what the engine said of itself. */
async function compare(
  browser: DrivenBrowser,
  name: string,
  open: Task["open"],
  threads: number | null,
  prompts?: string[],
  cores?: number,
) {
  const { asked, expected } = runsOf(name, prompts);
  const { stories, ...engine } = await browser.run(perform, { open, threads, stories: asked, cores });
  expect(engine.error, name).toBeNull();
  expect(stories, name).toEqual(expected);
  return engine;
}

inEachBrowser((name, browser) => {
  /** A page with an engine of its own. */
  async function visit(): Promise<void> {
    await browser().visit(`${site.url}engine.html`);
    // WebDriver's page may be called loaded before its module has run.
    await browser().run(async (name) => {
      while (!(name in window)) await new Promise((resolve) => setTimeout(resolve, 20));
    }, "taleproof");
  }

  beforeAll(visit);

  // First, because a browser that has kept the right file asks nobody for it again.
  test("one changed byte of SmolLM2 is refused", async () => {
    await served(`public/${MODEL}`, { flip: 50_000_000 }, async ({ url }) => {
      const open = pinned("smollm2", url);
      const { error, stories } = await browser().run(perform, { open, threads: ALL_THREADS, stories: [] });
      expect([error, stories]).toEqual(["digest-mismatch", []]);
    });
  });

  test("SmolLM2 writes the golden runs with all threads", async () => {
    const open = pinned("smollm2", MODEL);
    const engine = await compare(browser(), "smollm2", open, ALL_THREADS, SMOLLM2_PROMPTS);
    const reason = name === "WebKit" ? "this browser has no shared memory" : null;
    expect(engine.threadsReason).toBe(reason);
    if (name === "WebKit") expect(engine.threads).toBe(1);
  });

  // WebKit has had no more than one in the test above.
  if (name !== "WebKit") {
    test("SmolLM2 writes the same with one thread", async () => {
      const engine = await compare(browser(), "smollm2", pinned("smollm2", MODEL), 1, ["plain"]);
      expect(engine.threads).toBe(1);
    });
  }

  test("stories260K writes its runs", async () => {
    await served(STORIES, {}, async (model) => {
      await served(STORIES_TOKENIZER, {}, async (tokenizer) => {
        const words = at(tokenizer.url, { sha256: STORIES_TOKENIZER_SHA256 }, "tokenizer");
        const open = { sources: [...pinned("stories260K", model.url).sources, words] };
        await compare(browser(), "stories260K", open, ALL_THREADS);
      });
    });
  });

  test("tiny models of every block type write theirs", async () => {
    for (const tiny of TINY_MODELS) {
      await served(join(folder, tinyFile(tiny)), {}, async ({ url }) => {
        await compare(browser(), tiny, pinned(tiny, url), ALL_THREADS);
      });
    }
  });

  // WebKit has no shared memory here. Last, because each has a page of its own.
  if (name !== "WebKit") {
    test.each(MORE_CORES)("SmolLM2 writes the same on a device of %i cores", async (cores) => {
      await visit();
      const open = pinned("smollm2", MODEL);
      const engine = await compare(browser(), "smollm2", open, ALL_THREADS, ["plain"], cores);
      expect([engine.threads, engine.threadsReason]).toEqual([cores, null]);
    });
  }
});
