// SPDX-License-Identifier: Apache-2.0
/**
 * What all pages of the benchmark share: the same buttons, the same clock, the same events.
 *
 * In: one engine, behind three functions. Out: figures on `window.bench`, which scripts/lib/bench reads. All times are of
 * performance.now() in the page, counted from its navigation; a click's time is the event's own time stamp.
 */
import { listedModel } from "./models";

export interface Job {
  prompt: string;
  /** The prompt's tokens, for an engine that brings no tokenizer. */
  ids: number[];
  maxTokens: number;
}

/** Called for each piece of text as it arrives, with the number of tokens in it. */
export type OnTokens = (count: number, text: string) => void;

export interface Prompted {
  promptTokens: number;
  /** The prompt's tokens, where the engine tells them. */
  ids: number[];
}

export interface BenchEngine {
  /** Opens the model, from the browser's cache where it is there; what can be started without it is started first. */
  open(): Promise<void>;
  /** Writes, the likeliest token each time. */
  write(job: Job, onTokens: OnTokens): Promise<Prompted>;
}

export interface Written extends Prompted {
  clicked: number;
  /** When the writing itself began: after the model was opened, where the click had to open it. */
  began: number;
  first: number;
  last: number;
  tokens: number;
  /** Tokens that arrived in the same moment as the first one. */
  firstTokens: number;
  text: string;
}

export interface BenchPage {
  opened: Promise<number>;
  /** Settles with the first piece of the text that is being written. */
  begun: Promise<void>;
  written: Promise<Written>;
  job: Job;
  memory(): Promise<number | null>;
}

declare global {
  interface Window {
    bench: BenchPage;
  }
  interface Performance {
    measureUserAgentSpecificMemory?(): Promise<{ bytes: number }>;
  }
}

/** The model that all engines run. */
export const MODEL = new URL("models/SmolLM2-135M-Instruct.Q4_1.gguf", document.baseURI).href;

/** Positions of a text: room for the long one, and the same for every engine. */
export const CONTEXT = 1024;

/** What is asked for in the page's address. */
export const query = new URLSearchParams(location.search);

/** The address of the model that `model` in the page's address names; without it, of the one that all engines run. */
export async function modelUrl(): Promise<string> {
  const name = query.get("model");
  if (name === null) return MODEL;
  const [file] = (await listedModel(name)).files;
  if (!file) throw new Error(`the model ${name} has no files`);
  return new URL(file.url, document.baseURI).href;
}

/** How many threads an engine is to use. */
export const THREADS = Number(query.get("threads") ?? 1);

function button(label: string, onClick: (event: MouseEvent) => void): void {
  const element = document.createElement("button");
  element.textContent = label;
  element.addEventListener("click", onClick);
  document.body.append(element);
}

async function write(
  engine: BenchEngine,
  job: Job,
  clicked: number,
  ready: Promise<unknown>,
): Promise<Written> {
  let tellBegun = (): void => undefined;
  window.bench.begun = new Promise((resolve) => (tellBegun = resolve));
  await ready;
  const began = performance.now();
  const result = { clicked, began, first: 0, last: 0, tokens: 0, firstTokens: 0, text: "" };
  const prompted = await engine.write(job, (count, text) => {
    const now = performance.now();
    if (result.tokens === 0) {
      result.first = now;
      tellBegun();
    }
    if (now - result.first < 1) result.firstTokens += count;
    result.last = now;
    result.tokens += count;
    result.text += text;
  });
  return { ...result, ...prompted };
}

/** Opens the model at once; with `write` in the page's address it then writes a few words after that text. */
export function runPage(engine: BenchEngine): void {
  const opened = engine.open().then(() => performance.now());
  const prompt = query.get("write");
  const first: Job = { prompt: prompt ?? "", ids: [], maxTokens: 8 };
  window.bench = {
    opened,
    begun: new Promise(() => {}),
    written: new Promise(() => {}),
    job: first,
    memory: async () => (await performance.measureUserAgentSpecificMemory?.())?.bytes ?? null,
  };
  if (prompt !== null) window.bench.written = write(engine, first, 0, opened);
  button("Write", (event) => {
    window.bench.written = write(engine, window.bench.job, event.timeStamp, opened);
  });
}
