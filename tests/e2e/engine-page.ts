// SPDX-License-Identifier: Apache-2.0
/** The engine by itself in a browser: engine.html, and what a test asks of it, run in the page. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { expect, type Page } from "@playwright/test";
import { withAcceptance } from "../../web/engine/acceptance";
import type { EngineClient, EngineError } from "../../web/engine/client";
import type {
  LoadProgress,
  OpenRequest,
  OpenResult,
  Verdict,
  WriteEvent,
  WriteRequest,
} from "../../web/engine/protocol";
import { modelAt } from "../requests";

export const DEMO = {
  url: "models/SmolLM2-135M-Instruct.Q4_1.gguf",
  path: "public/models/SmolLM2-135M-Instruct.Q4_1.gguf",
  size: 98_362_432,
  sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
};

/** The demo model, from the site or from another address. */
export const demoAt = (url: string): OpenRequest => modelAt(url, { sha256: DEMO.sha256, size: DEMO.size });

export const DEMO_REQUEST = demoAt(DEMO.url);

const PYTHON = ".venv/bin/python";

interface Held {
  client?: EngineClient;
  crashes: string[];
  abort?: AbortController;
}

declare global {
  interface Window {
    held: Held;
  }
}

/** An error as a test compares it. */
export interface Failure {
  code: string;
  message: string;
  verdict: Verdict | null;
}

export type Outcome<T> = { ok: T; error?: undefined } | { ok?: undefined; error: Failure };

/** Opens the page and makes a client; the engine starts with the first request. */
export async function visit(page: Page): Promise<void> {
  await page.goto("engine.html");
  await page.waitForFunction(() => "taleproof" in window);
  await page.evaluate(() => {
    const held: Held = { crashes: [] };
    held.client = new window.taleproof.EngineClient((error) => held.crashes.push(error.code));
    window.held = held;
  });
}

export async function open(page: Page, request: OpenRequest): Promise<Outcome<OpenResult>> {
  return page.evaluate(async (wish) => {
    try {
      return { ok: await window.held.client!.open(wish) };
    } catch (thrown) {
      const { code, message, verdict } = thrown as EngineError;
      return { error: { code, message, verdict } };
    }
  }, request);
}

/** Opens a URL that nobody vouches for, and accepts it. */
export async function openUnverified(page: Page, url: string): Promise<Outcome<OpenResult>> {
  const request = modelAt(url);
  const asked = await open(page, request);
  if (asked.ok?.kind !== "needs-acceptance") return asked;
  return open(page, withAcceptance(request, "model", asked.ok.verdict.actual?.sha256 ?? ""));
}

/** Opens, and aborts as soon as so many bytes of the download have come. */
export async function openAndAbort(page: Page, request: OpenRequest, bytes: number): Promise<Failure> {
  return page.evaluate(
    async ({ wish, enough }) => {
      const abort = new AbortController();
      const onProgress = (progress: LoadProgress): void => {
        if (progress.phase === "download" && progress.bytes >= enough) abort.abort();
      };
      try {
        await window.held.client!.open(wish, onProgress, abort.signal);
      } catch (thrown) {
        const { code, message, verdict } = thrown as EngineError;
        return { code, message, verdict };
      }
      throw new Error("it was opened all the same");
    },
    { wish: request, enough: bytes },
  );
}

export const GREEDY = {
  seed: "0",
  temperature: null,
  topP: null,
  topK: null,
  minP: null,
  repeatPenalty: 1,
  repeatLastN: 64,
};

export function story(
  prompt: string,
  maxTokens: number,
  sampler: Partial<typeof GREEDY> | object = {},
): WriteRequest {
  return {
    kind: "new",
    prompt,
    mode: "raw",
    sampler: { ...GREEDY, ...sampler },
    limits: { maxTokens, stop: [] },
  };
}

/** Writes to the end, or stops after some tokens; returns all events. */
export async function write(
  page: Page,
  request: WriteRequest,
  stopAfter = Infinity,
): Promise<Outcome<WriteEvent[]>> {
  return page.evaluate(
    async ({ wish, most }) => {
      const events: WriteEvent[] = [];
      const abort = new AbortController();
      let tokens = 0;
      try {
        for await (const event of window.held.client!.write(wish, abort.signal)) {
          events.push(event);
          if (event.kind === "token") tokens += 1;
          if (tokens >= most) abort.abort();
        }
        return { ok: events };
      } catch (thrown) {
        const { code, message, verdict } = thrown as EngineError;
        return { error: { code, message, verdict } };
      }
    },
    { wish: request, most: stopAfter === Infinity ? Number.MAX_SAFE_INTEGER : stopAfter },
  );
}

/** Takes away what the page needs for shared memory, and so for threads. */
export async function withoutIsolation(page: Page): Promise<void> {
  await page.route("**/engine.html", async (route) => {
    const response = await route.fetch();
    const headers = Object.entries(response.headers()).filter(([name]) => !name.startsWith("cross-origin-"));
    await route.fulfill({ response, headers: Object.fromEntries(headers) });
  });
}

/** Opens the demo model, which must work. */
export async function opened(page: Page): Promise<void> {
  const outcome = await open(page, DEMO_REQUEST);
  expect(outcome.error).toBeUndefined();
}

/** Writes, which must work. */
export async function written(page: Page, request: WriteRequest, stopAfter?: number): Promise<WriteEvent[]> {
  const outcome = await write(page, request, stopAfter);
  expect(outcome.error).toBeUndefined();
  return outcome.ok ?? [];
}

export function tokensOf(events: WriteEvent[]): number[] {
  return events.flatMap((event) => (event.kind === "token" ? [event.id] : []));
}

export function textOf(events: WriteEvent[]): string {
  return events.map((event) => ("text" in event ? event.text : "")).join("");
}

export function lastOf(events: WriteEvent[]): Extract<WriteEvent, { kind: "finished" }> {
  const last = events.at(-1);
  if (last?.kind !== "finished") throw new Error(`the last event is ${last?.kind}`);
  return last;
}

/** What the command line writes from the same opening with the same kernels. */
export function writtenByCommandLine(prompt: string, maxTokens: number): { tokens: number[]; text: string } {
  const args = ["-m", "taleproof", "generate", DEMO.path, "--prompt", prompt, "--temperature", "0"];
  const more = ["--max-tokens", String(maxTokens), "--backend", "wasm", "--json"];
  const { tokens, text } = JSON.parse(execFileSync(PYTHON, [...args, ...more], { encoding: "utf8" })) as {
    tokens: { id: number }[];
    text: string;
  };
  return { tokens: tokens.map((token) => token.id), text };
}

/** What a script writes that has the fixtures of Python's tests. */
function made(script: string): Buffer {
  const env = { ...process.env, PYTHONPATH: "tests" };
  return execFileSync(PYTHON, ["-c", script], { env, maxBuffer: 1 << 26 });
}

/** A tiny model in GGUF, whose context is so long that no machine fills it before a signal arrives. */
function tinyModel(): { file: Buffer; sha256: string } {
  const file = made(
    "import sys; from fixtures.make import tiny_gguf; from fixtures.tiny import Shape;" +
      "sys.stdout.buffer.write(tiny_gguf('Q8_0', shape=Shape(context=32_768)))",
  );
  return { file, sha256: createHash("sha256").update(file).digest("hex") };
}

/** The files that a function of the fixtures makes, by name. */
function madeFolder(module: string, name: string): Record<string, Buffer> {
  const script =
    `import base64, json; from fixtures.${module} import ${name}; ` +
    `print(json.dumps({name: base64.b64encode(data).decode() for name, data in ${name}().items()}))`;
  const files = JSON.parse(made(script).toString()) as Record<string, string>;
  return Object.fromEntries(
    Object.entries(files).map(([file, base64]) => [file, Buffer.from(base64, "base64")]),
  );
}

/** A tiny model as a folder of Hugging Face's, as tests/fixtures/folder.py makes it. */
export const tinyFolder = (): Record<string, Buffer> => madeFolder("folder", "tiny_folder");

/** A tiny encoder as such a folder, as tests/fixtures/bert_files.py makes it. */
export const tinyEncoder = (): Record<string, Buffer> => madeFolder("bert_files", "tiny_bert");

export const TINY = tinyModel();
