// SPDX-License-Identifier: Apache-2.0
/** The door for other programs: what it asks the engine for, and what it refuses by itself. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { EngineClient } from "../../web/engine/client";
import { Completions } from "../../web/engine/door/completions";
import { Model } from "../../web/engine/door/model";
import type { ChatCompletionParams } from "../../web/engine/door/openai";
import { DEFAULTS, writeRequest, type Settings } from "../../web/engine/door/settings";
import { expectedDigests, openRequest } from "../../web/engine/door/source";
import { Taleproof } from "../../web/engine/door/taleproof";
import type { EngineError } from "../../web/engine/errors";
import type { AlternativesRequest, ModelInfo, Verdict, WriteRequest } from "../../web/engine/protocol";
import { VERSION } from "../../web/engine/version";
import { checkSettings, DEFAULT_SETTINGS } from "../../web/app/features/settings/settings";
import { at } from "../requests";

const DIGEST = "ab".repeat(32);
const PAGE = "https://example.org/tales/index.html";

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    return (thrown as EngineError).code;
  }
  return "nothing was thrown";
}

describe("what a model must be", () => {
  test("digests of both kinds, in any case", () => {
    expect(expectedDigests(`sha256:${DIGEST.toUpperCase()}`)).toEqual({ sha256: DIGEST });
    expect(expectedDigests(`SHA3-256:${DIGEST}`)).toEqual({ sha256: null, sha3_256: DIGEST });
  });

  test.each([
    DIGEST,
    "",
    "sha256:",
    `sha256:${DIGEST}0`,
    `sha1:${DIGEST}`,
    ` sha256:${DIGEST}`,
    `sha256:${DIGEST}\n`,
  ])("%j is no digest, and never the same as none", (expect_) =>
    expect(codeOf(() => openRequest({ url: "a", expect: expect_ }, "write", PAGE))).toBe("invalid-expect"),
  );

  test("addresses count from the page; files and tokenizer have their own digests", () => {
    const source = {
      url: "models/a.gguf",
      files: [{ url: "models/b.gguf", expect: `sha256:${DIGEST}` }],
      tokenizer: { url: "/tok.bin" },
    };
    expect(openRequest(source, "write", PAGE)).toEqual({
      sources: [
        at("https://example.org/tales/models/a.gguf"),
        at("https://example.org/tales/models/b.gguf", { sha256: DIGEST }),
        at("https://example.org/tok.bin", null, "tokenizer"),
      ],
      purpose: "write",
    });
    expect(codeOf(() => openRequest({}, "write", PAGE))).toBe("no-source");
    expect(codeOf(() => openRequest({ url: "https://" }, "write", PAGE))).toBe("invalid-url");
  });
});

describe("settings", () => {
  test("left out, they are the page's", () => {
    const page = checkSettings(DEFAULT_SETTINGS);
    if (!page.ok) throw new Error(page.first);
    const { sampler, maxTokens } = page.settings;
    const request = { kind: "new", prompt: "Once", mode: "raw", sampler, limits: { maxTokens, stop: [] } };
    expect(writeRequest("Once", "raw", {})).toEqual(request);
  });

  test("DRY, XTC and the end are said only where they are on", () => {
    const request = writeRequest("Once", "raw", { dryMultiplier: 0.8, endAtSentence: "cut", minTokens: 5 });
    const dry = {
      multiplier: 0.8,
      base: 1.75,
      allowedLength: 2,
      lastN: -1,
      sequenceBreakers: ["\n", ":", '"', "*"],
    };
    expect(request).toMatchObject({ sampler: { dry }, limits: { minTokens: 5, endAtSentence: "cut" } });
    expect(request).not.toHaveProperty("sampler.xtc");
  });

  test("what is off is told as the page tells it, so that the records are the same", () => {
    const request = writeRequest("Once", "raw", {
      temperature: 0,
      topP: 1,
      topK: 0,
      minP: 0,
      seed: 2n ** 64n - 1n,
    });
    expect(request).toMatchObject({
      sampler: { temperature: null, topP: null, topK: null, minP: null, seed: "18446744073709551615" },
    });
  });

  test.each<Settings>([
    { temperature: NaN },
    { temperature: "1" as never },
    { topK: 1.5 },
    { maxTokens: Infinity },
    { seed: -0.5 },
    { seed: 2 ** 64 },
    { seed: "x" },
    { stop: [1] as never },
    { stop: 7 as never },
    { date: 3 as never },
    { language: 1 as never },
    { memory: null as never },
    { note: "be brief" as never },
    { note: { text: "be brief", depth: 0.5 } },
    { passages: 3 as never },
    { passages: [0, "4"] as never },
    { dryMultiplier: "0.8" as never },
    { dryAllowedLength: 2.5 },
    { drySequenceBreakers: [1] as never },
    { xtcProbability: NaN },
    { minTokens: 0.5 },
    { endAtSentence: "soon" as never },
  ])("%j is refused before the engine sees it", (settings) => {
    expect(codeOf(() => writeRequest("Once", "raw", settings))).toBe("invalid-setting");
  });

  test("a story's language, memory, note and passages go to the engine", () => {
    const note = { text: "be brief", depth: 2 };
    expect(
      writeRequest("Once upon", "story", { language: "de", memory: "A cat.", note, passages: [0, 5] }),
    ).toMatchObject({ mode: "story", request: { language: "de" }, memory: "A cat.", note, passages: [0, 5] });
  });

  test("a setting that does not exist is refused by name", () => {
    expect(codeOf(() => writeRequest("Once", "raw", { max_tokens: 3 } as Settings))).toBe("unknown-setting");
    expect(codeOf(() => writeRequest(undefined as never, "raw", {}))).toBe("invalid-setting");
  });
});

const INFO = { name: "tiny", sessionLength: 512 } as ModelInfo;

/** Completions on a client that only notes what it is asked for. */
function completions(): { completions: Completions; asked: WriteRequest[] } {
  const asked: WriteRequest[] = [];
  const client = {
    // eslint-disable-next-line require-yield
    async *write(request: WriteRequest) {
      asked.push(request);
    },
  };
  const model = new Model(client as unknown as EngineClient, INFO, {} as Verdict, () => true);
  return { completions: new Completions(() => model, "print"), asked };
}

test("what else could have stood is asked of the last text, as its record has it", async () => {
  const asked: AlternativesRequest[] = [];
  const record = { prompt_tokens: [1, 2], tokens: [3, 4, 5] };
  const client = {
    async *write(): AsyncGenerator<unknown> {
      yield Promise.resolve({ kind: "finished", record });
    },
    alternatives: (request: AlternativesRequest) => Promise.resolve(asked.push(request)),
  };
  const model = new Model(client as unknown as EngineClient, INFO, {} as Verdict, () => true);
  for await (const event of model.story("Once")) expect(event.kind).toBe("finished");
  await model.alternatives();
  await model.alternatives({ begin: 1, end: 2, count: 3 });
  const text = { promptTokens: [1, 2], tokens: [3, 4, 5] };
  expect(asked).toEqual([
    { ...text, begin: 0, end: 3, count: 10 },
    { ...text, begin: 1, end: 2, count: 3 },
  ]);
});

describe("OpenAI's parameters", () => {
  const messages = [{ role: "user" as const, content: "Hello" }];

  test("go to the engine under its own names", async () => {
    const { completions: door, asked } = completions();
    const content = [
      { type: "text" as const, text: "Hello, " },
      { type: "text" as const, text: "you." },
    ];
    const params: ChatCompletionParams = {
      messages: [{ role: "user", content }],
      model: "tiny",
      seed: 5,
      max_completion_tokens: 9,
      temperature: 0.5,
      top_p: 0.7,
      top_k: 11,
      min_p: 0.1,
      repeat_penalty: 1.3,
      min_tokens: 4,
      dry_multiplier: 0.8,
      dry_base: 1.5,
      dry_allowed_length: 3,
      dry_penalty_last_n: 256,
      dry_sequence_breakers: ["."],
      xtc_probability: 0.25,
      xtc_threshold: 0.2,
      stop: "end",
      n: 1,
    };
    await door.create(params).catch(() => undefined); // this client ends without a word
    expect(asked).toMatchObject([
      {
        prompt: "Hello, you.",
        mode: "chat",
        sampler: {
          ...{ seed: "5", temperature: 0.5, topP: 0.7, topK: 11, minP: 0.1, repeatPenalty: 1.3 },
          dry: { multiplier: 0.8, base: 1.5, allowedLength: 3, lastN: 256, sequenceBreakers: ["."] },
          xtc: { probability: 0.25, threshold: 0.2 },
        },
        limits: { maxTokens: 9, minTokens: 4, stop: ["end"] },
      },
    ]);
  });

  test("a message of the assistant is the beginning of a story", async () => {
    const { completions: door, asked } = completions();
    await door.create({ messages: [{ role: "assistant", content: "Once" }] }).catch(() => undefined);
    expect(asked).toMatchObject([{ prompt: "Once", mode: "story" }]);
  });

  test("left out, length is the context's, and the rest the door's own", async () => {
    const { completions: door, asked } = completions();
    await door.create({ messages, temperature: null }).catch(() => undefined);
    expect(asked).toMatchObject([
      { sampler: { seed: null, temperature: DEFAULTS.temperature }, limits: { maxTokens: 512, stop: [] } },
    ]);
  });

  test.each([
    ["presence_penalty", { presence_penalty: 0.5 }],
    ["tools", { tools: [] }],
    ["logprobs", { logprobs: true }],
    ["toString", { toString: 1 }],
    ["n", { n: 2 }],
    ["model", { model: "another" }],
    ["messages", { messages: [] }],
    ["messages", { messages: undefined }],
    ["messages", { messages: [{ role: "system", content: "Be brief." }, ...messages] }],
    ["messages", { messages: [{ role: "user", content: [{ type: "image_url" }] }] }],
    ["messages", { messages: [{ role: "user" }] }],
  ])("%s is refused by name", async (parameter, more) => {
    const { completions: door, asked } = completions();
    const params = { messages, ...more } as ChatCompletionParams;
    await expect(door.create(params)).rejects.toMatchObject({
      code: "unsupported-parameter",
      details: { parameter },
      message: expect.stringContaining(parameter) as string,
    });
    expect(asked).toEqual([]);
  });
});

test("the engine is not started outside of a browser", async () => {
  await expect(Taleproof.start()).rejects.toMatchObject({ code: "no-browser" });
});

test("package, npm's and Python's, have one version", () => {
  const npm = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const [, python] = /__version__ = "([^"]+)"/.exec(readFileSync("py/taleproof/__init__.py", "utf8"))!;
  expect([npm.version, python]).toEqual([VERSION, VERSION]);
});
