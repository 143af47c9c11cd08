// SPDX-License-Identifier: Apache-2.0
/**
 * The golden runs as a browser is asked for them.
 *
 * In: tests/fixtures/golden, as tests/golden.py writes it. Out: requests for the engine, and what must come of them. The
 * one function that runs inside the page, `perform`, uses nothing from outside itself, so that any driver can carry it.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { HEADERS } from "../scripts/lib/headers.mjs";
import type { EngineClient, EngineError } from "../web/engine/client";
import type { OpenRequest, WriteRequest } from "../web/engine/protocol";

const FOLDER = "tests/fixtures/golden";

interface Sampler {
  temperature?: number;
  top_p?: number;
  top_k?: number;
  min_p?: number;
  repeat_penalty?: number;
}

interface Run {
  prompt: string;
  sampler: string;
  seed: number;
  /** Separated by spaces. */
  tokens: string;
  reason: string;
  logits: string[];
}

interface Golden {
  numerics: number;
  every: number;
  samplers: Record<string, Sampler>;
  models: Record<string, { sha256: string; max_tokens: number; runs: Run[] }>;
}

const golden = JSON.parse(readFileSync(`${FOLDER}/golden-v1.json`, "utf8")) as Golden;
const prompts = JSON.parse(readFileSync(`${FOLDER}/prompts.json`, "utf8")) as Record<string, string>;

const MODELS = Object.keys(golden.models);
export const TINY_MODELS = MODELS.filter((name) => name.startsWith("tiny "));

/** One story as the page gives it back. */
export interface Story {
  tokens: number[];
  reason: string;
  logits: unknown;
}

export interface Task {
  open: OpenRequest;
  /** How many threads to compute with; null for as many as there are. */
  threads: number | null;
  stories: WriteRequest[];
  /** How many cores the device is to have, as the engine sees it; left out for as many as it has. */
  cores?: number | undefined;
}

export interface Result {
  kernels: string;
  threads: number;
  threadsReason: string | null;
  /** Why the model was refused; then there are no stories. */
  error: string | null;
  stories: Story[];
}

function modelOf(name: string): Golden["models"][string] {
  const model = golden.models[name];
  if (!model) throw new Error(`there are no golden runs of ${name}`);
  return model;
}

export function sha256Of(name: string): string {
  return modelOf(name).sha256;
}

/** The runs of a model after these prompts, or after all: what to ask for, and what must come of it. */
export function runsOf(name: string, only?: string[]): { asked: WriteRequest[]; expected: Story[] } {
  const model = modelOf(name);
  const runs = model.runs.filter((run) => only?.includes(run.prompt) ?? true);
  return {
    asked: runs.map((run) => request(run, model.max_tokens)),
    expected: runs.map(({ tokens, reason, logits }) => ({
      tokens: tokens === "" ? [] : tokens.split(" ").map(Number),
      reason,
      logits: { every: golden.every, sha256: logits },
    })),
  };
}

function request(run: Run, maxTokens: number): WriteRequest {
  const sampler = golden.samplers[run.sampler];
  const prompt = prompts[run.prompt];
  if (!sampler || prompt === undefined) throw new Error(`${run.prompt}, ${run.sampler}: not in the files`);
  return {
    kind: "new",
    prompt,
    mode: "raw",
    sampler: {
      seed: String(run.seed),
      temperature: sampler.temperature ?? null,
      topP: sampler.top_p ?? null,
      topK: sampler.top_k ?? null,
      minP: sampler.min_p ?? null,
      repeatPenalty: sampler.repeat_penalty ?? 1,
      repeatLastN: 64,
    },
    limits: { maxTokens, stop: [] },
  };
}

/** Writes the tiny models into a folder; the file of a model is `tinyFile`'s. */
export function writeTinyModels(folder: string): void {
  const env = { ...process.env, PYTHONPATH: "tests" };
  execFileSync(".venv/bin/python", ["-m", "fixtures.make", folder], { env });
}

export function tinyFile(name: string): string {
  return `${name.replace(" ", "-")}.gguf`;
}

/** Cores of other devices than this machine: more helpers, whether there are cores for them or not. */
export const MORE_CORES = [4, 8];

/** Where `perform` wants to find what `deviceAnswer` gives. */
export const DEVICE_PATH = "/device.js";

/**
 * A module that gives a worker's device so many cores, and then is the worker. It has to come from the site itself: the
 * page's content policy allows no worker from a blob.
 */
export function deviceAnswer(url: string): { headers: Record<string, string>; body: string } {
  const { searchParams } = new URL(url, "http://localhost");
  const cores = Number(searchParams.get("cores"));
  const worker = searchParams.get("worker");
  const body = worker
    ? `import "${DEVICE_PATH}?cores=${cores}"; import "${worker}";`
    : `Object.defineProperty(navigator, "hardwareConcurrency", { value: ${cores} });`;
  return { headers: { ...HEADERS, "Content-Type": "text/javascript" }, body };
}

/** In the page: opens a model with the engine that the page has from an earlier task, or a new one, and writes. */
export async function perform(task: Task): Promise<Result> {
  const { cores } = task;
  if (cores !== undefined) {
    // The engine asks its own worker's navigator, so it is changed there, before the worker's script.
    window.Worker = class extends Worker {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(`/device.js?cores=${cores}&worker=${encodeURIComponent(String(url))}`, options);
      }
    };
  }
  const held = window as unknown as { goldenClient?: EngineClient };
  const client = (held.goldenClient ??= new window.taleproof.EngineClient(() => undefined));
  const { kernels, threads, threadsReason } = await client.ready();
  const result: Result = { kernels, threads, threadsReason, error: null, stories: [] };
  if (task.threads !== null) result.threads = await client.useThreads(task.threads);
  try {
    const opened = await client.open(task.open);
    if (opened.kind !== "ready") throw new Error(opened.kind);
  } catch (thrown) {
    return { ...result, error: (thrown as EngineError).code ?? String(thrown) };
  }
  for (const wish of task.stories) {
    for await (const event of client.write(wish)) {
      if (event.kind !== "finished") continue;
      const { tokens, logits } = event.record;
      result.stories.push({ tokens: tokens as number[], reason: event.reason, logits });
    }
  }
  return result;
}
