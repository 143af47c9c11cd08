// SPDX-License-Identifier: Apache-2.0
/** The installed package without a bundler: models by their digests, the golden story, OpenAI's shape. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { expect, test, type Page } from "@playwright/test";
import type {
  ChatCompletionChunk,
  ChatCompletionParams,
  EngineError,
  ModelSource,
} from "../../web/engine/index";
import { TINY, tinyEncoder } from "../e2e/engine-page";
import { runsOf, sha256Of } from "../golden-runs";
import { Installed } from "./installed";
import { start, visit, writeBlankPage, type Failure } from "./page";
import { ISOLATED, serve, type Serving } from "./serve";
import { STORIES, STORIES_SOURCE, TOKENIZER, writtenByCommandLine } from "./stories";

const OTHER = "0".repeat(64);

let installed: Installed;
let serving: Serving;
let page: Page;

/** All tests share one page and one engine, as they would in an application. */
test.beforeAll(async ({ browser }) => {
  installed = await Installed.example("plain");
  installed.place(STORIES, "models/stories260K.bin");
  installed.place(TOKENIZER, "models/tok512.bin");
  installed.write("models/tiny.gguf", TINY.file);
  writeBlankPage(installed);
  serving = await serve(installed.folder, ISOLATED);
  page = await browser.newPage();
  await visit(page, serving.url);
  await start(page);
});

test.afterAll(async () => {
  await page.close();
  await serving.server.close();
  installed.remove();
});

/** Opens a model; `approve` is what the page answers where it is asked, null for a page that cannot be asked. */
function open(source: ModelSource, approve: boolean | null = null) {
  return page.evaluate(
    async ({ wanted, answer }) => {
      const asked: unknown[] = [];
      const decide = (file: unknown): boolean => asked.push(file) > 0 && answer === true;
      try {
        const options = answer === null ? {} : { approve: decide };
        window.model = await window.tale.open(wanted, options);
        return { asked, verdict: window.model.verdict, failure: null };
      } catch (thrown) {
        const { code, message, details, verdict } = thrown as EngineError;
        return { asked, verdict: null, failure: { code, message, details, verdict } satisfies Failure };
      }
    },
    { wanted: source, answer: approve },
  );
}

/** Opens a model, which must work. */
async function opened(source: ModelSource): Promise<void> {
  expect((await open(source)).failure).toBeNull();
}

test("stories260K writes the golden runs, to the last bit of their logits", async () => {
  await opened(STORIES_SOURCE);
  const { asked, expected } = runsOf("stories260K", ["plain"]);
  expect(expected.length).toBeGreaterThan(1);
  const written = await page.evaluate(async (requests) => {
    const stories = [];
    for (const request of requests) {
      if (request.kind !== "new") throw new Error(request.kind);
      const { sampler, limits, prompt } = request;
      const settings = {
        ...sampler,
        temperature: sampler.temperature ?? 0,
        topP: sampler.topP ?? 1,
        topK: sampler.topK ?? 0,
        ...limits,
      };
      for await (const event of window.model.generate(prompt, settings)) {
        if (event.kind !== "finished") continue;
        const { tokens, logits } = window.model.record!;
        stories.push({ tokens, reason: event.reason, logits });
      }
    }
    return stories;
  }, asked);
  expect(written).toEqual(expected);
});

test("a file with another digest than the expected one is refused, with both digests", async () => {
  for (const expect_ of [`sha256:${OTHER}`, `sha3-256:${OTHER}`]) {
    const { failure, asked } = await open({ ...STORIES_SOURCE, expect: expect_ }, true);
    expect(asked).toEqual([]); // approve is not asked about bytes that are known to be wrong
    expect(failure?.code).toBe("digest-mismatch");
    expect(failure?.message).toContain(OTHER);
    expect(failure?.message).toContain(failure?.details.actual as string);
    expect(failure?.verdict?.kind).toBe("refused");
    expect(failure?.verdict?.actual?.sha256 ?? null).toBe(sha256Of("stories260K"));
  }
  expect(
    await page.evaluate(() => window.tale.chat.completions.create({ messages: [] }).catch((e) => e.code)),
  ).toBe("no-model");
});

test("a file that nobody vouches for is opened when approve accepts its digests, and never else", async () => {
  const sha256 = TINY.sha256;
  const source = { url: "models/tiny.gguf" };
  const without = await open(source);
  expect(without.failure).toMatchObject({ code: "not-accepted", details: { sha256 } });
  const refused = await open(source, false);
  expect(refused.failure).toMatchObject({ code: "not-accepted", details: { sha256 } });
  const accepted = await open(source, true);
  expect(accepted.verdict?.kind).toBe("unverified");
  for (const { asked } of [refused, accepted]) {
    expect(asked).toMatchObject([{ role: "model", name: "tiny.gguf", sha256, size: TINY.file.length }]);
  }
});

test("a chosen file is opened by its SHA3-256", async () => {
  const sha3 = createHash("sha3-256").update(TINY.file).digest("hex");
  const kind = await page.evaluate(async (expect_) => {
    const bytes = await (await fetch("models/tiny.gguf")).arrayBuffer();
    const file = new File([bytes], "mine.gguf");
    window.model = await window.tale.open({ file, expect: `sha3-256:${expect_}` });
    return window.model.verdict.kind;
  }, sha3);
  expect(kind).toBe("pinned");
});

test("a signal ends a text, which can be continued; another model takes the first one's place", async () => {
  await opened(STORIES_SOURCE);
  const [stopped, whole, closed] = await page.evaluate(async (tiny) => {
    const { model } = window;
    const settings = { seed: 3, maxTokens: 40 };
    const abort = new AbortController();
    let text = "";
    for await (const event of model.generate("Once", { ...settings, signal: abort.signal })) {
      if ("text" in event) text += event.text;
      if (event.kind === "token") abort.abort();
    }
    for await (const event of model.continue(40 - (model.record!.tokens as number[]).length)) {
      if ("text" in event) text += event.text;
    }
    let again = "";
    for await (const event of model.generate("Once", settings)) if ("text" in event) again += event.text;
    await window.tale.open({ url: "models/tiny.gguf", expect: `sha256:${tiny}` });
    const code = await model
      .generate("Once")
      .next()
      .catch((thrown: EngineError) => thrown.code);
    return [text, again, code] as const;
  }, TINY.sha256);
  expect(stopped).toBe(whole);
  expect(whole.length).toBeGreaterThan(40);
  expect(closed).toBe("model-closed");
});

test("an encoder in several files, each with its digest, makes the command line's vectors", async () => {
  const text = "The sea";
  const sources = Object.entries(tinyEncoder()).map(([name, bytes]) => {
    installed.write(`models/${name}`, bytes);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { url: `models/${name}`, expect: `sha256:${sha256}` };
  });
  const [first, ...files] = sources;
  const vector = await page.evaluate(
    async ({ source, text: given }) => {
      const model = await window.tale.open(source, { purpose: "embed" });
      return model.embed(given);
    },
    { source: { ...first, files }, text },
  );
  const paths = sources.map(({ url }) => `${installed.folder}/${url}`);
  const args = ["-m", "taleproof", "embed", ...paths, "--text", text, "--json"];
  const { vectors } = JSON.parse(execFileSync(".venv/bin/python", args, { encoding: "utf8" })) as {
    vectors: number[][];
  };
  expect(vector).toEqual(vectors[0]);
});

test("OpenAI's shape: whole and in chunks, as the command line answers", async () => {
  await opened({ url: "models/tiny.gguf", expect: `sha256:${TINY.sha256}` });
  const content = "Tell me of the sea.";
  const params: ChatCompletionParams = {
    messages: [{ role: "user", content }],
    seed: 7,
    max_tokens: 24,
    temperature: 2,
    top_p: 0.9,
    top_k: 0,
    repeat_penalty: 1,
  };
  const { whole, chunks } = await page.evaluate(async (asked) => {
    const { completions } = window.tale.chat;
    const answer = await completions.create({ ...asked, stream: false });
    const parts: ChatCompletionChunk[] = [];
    const stream = await completions.create({
      ...asked,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) parts.push(chunk);
    return { whole: answer, chunks: parts };
  }, params);
  const settings = ["--temperature", "2", "--top-p", "0.9", "--seed", "7", "--max-tokens", "24", "--chat"];
  const text = writtenByCommandLine(`${installed.folder}/models/tiny.gguf`, content, ...settings);
  expect(text.length).toBeGreaterThan(0);
  expect(whole).toMatchObject({
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "length" }],
    usage: { completion_tokens: 24 },
  });
  expect(whole.usage.total_tokens).toBe(whole.usage.prompt_tokens + 24);
  const [first, last, before] = [chunks[0]!, chunks.at(-1)!, chunks.at(-2)!];
  expect(first.choices[0]!.delta).toEqual({ role: "assistant", content: "" });
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(text);
  expect(before.choices[0]).toMatchObject({ delta: {}, finish_reason: "length" });
  expect(last).toMatchObject({ choices: [], usage: whole.usage });
  expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1);
  expect(chunks.every((chunk) => chunk.object === "chat.completion.chunk")).toBe(true);
});

test("OpenAI's shape: a signal ends an answer with the reason abort", async () => {
  const reasons = await page.evaluate(async () => {
    const abort = new AbortController();
    const messages = [{ role: "user" as const, content: "Go on." }];
    const { signal } = abort;
    const endless = { messages, temperature: 0, stream: true } as const;
    const stream = await window.tale.chat.completions.create(endless, { signal });
    const found = [];
    for await (const { choices } of stream) {
      if (choices[0]?.delta.content) abort.abort();
      found.push(choices[0]?.finish_reason);
    }
    return found;
  });
  expect(reasons.at(-1)).toBe("abort");
});
