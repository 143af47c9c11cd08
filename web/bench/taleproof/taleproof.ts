// SPDX-License-Identifier: Apache-2.0
/** The benchmark's page with this engine: the same client, worker and kernels as in the product. */
import type { FileRequest, MemoryFigures, OpenRequest, Role } from "../../engine/protocol";
import { SiteEngine } from "../../engine/site-engine";
import type { Times } from "../messages";
import { type ListedFile, listedModel } from "../models";
import { CONTEXT, MODEL, query, runPage, THREADS } from "../page";
import { digestRate } from "./digest-rate";
import { readRate } from "./read-rate";
import { times, timedWorker } from "./timed-client";

const DEMO = { url: MODEL, sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53" };

/** What opening the model took; the clocks' figures where there are clocks. */
interface Loading {
  ms: number;
  /** Of these after the last byte was read and hashed. */
  prepareMs: number;
  stored: boolean;
  times: Times | null;
}

declare global {
  interface Window {
    digestRate: () => Promise<number>;
    loading: Loading;
    memoryFigures: MemoryFigures;
    readRate: typeof readRate;
    times: typeof times;
  }
}

const client = new SiteEngine(
  (error) => {
    throw error;
  },
  query.has("timed") ? timedWorker : undefined,
);

interface Chosen {
  url: string;
  sha256: string;
  tokenizer?: ListedFile | undefined;
}

/** `model` in the page's address names one of the benchmark's own; otherwise it is the one that all engines run. */
async function chosenModel(): Promise<Chosen> {
  const name = query.get("model");
  if (name === null) return DEMO;
  const { files, tokenizer } = await listedModel(name);
  return { ...files[0]!, tokenizer };
}

function pinned(role: Role, { url, sha256 }: Pick<Chosen, "url" | "sha256">): FileRequest {
  return { role, source: { kind: "url", url }, pinned: { sha256 } };
}

runPage({
  async open() {
    const ready = client.useThreads(THREADS);
    const { url, sha256, tokenizer } = await chosenModel();
    if (query.has("timed")) {
      await client.ready();
      await times(); // what the engine's start took is no part of what follows
    }
    const began = performance.now();
    let prepared = began;
    const request: OpenRequest = {
      sources: [pinned("model", { url, sha256 }), ...(tokenizer ? [pinned("tokenizer", tokenizer)] : [])],
      contextLength: tokenizer ? null : CONTEXT,
    };
    const result = await client.open(request, ({ phase, bytes }) => {
      if (phase === "prepare" && bytes === 0) prepared = performance.now();
    });
    if (result.kind !== "ready") throw new Error("the model was not accepted");
    const ended = performance.now();
    window.loading = {
      ms: ended - began,
      prepareMs: ended - prepared,
      stored: result.model.stored,
      times: query.has("timed") ? await times() : null,
    };
    window.memoryFigures = result.memory;
    if ((await ready) !== THREADS) throw new Error(`the engine runs with ${await ready} threads`);
  },
  async write({ prompt, maxTokens }, onTokens) {
    let promptTokens = 0;
    let ids: number[] = [];
    const sampler = { seed: "1", temperature: null, topP: null, topK: null, minP: null };
    const events = client.write({
      kind: "new",
      prompt,
      mode: "raw",
      sampler: { ...sampler, repeatPenalty: 1, repeatLastN: 64 },
      limits: { maxTokens, stop: [] },
    });
    for await (const event of events) {
      if (event.kind === "started") promptTokens = event.promptTokens;
      if (event.kind === "token") onTokens(1, event.text);
      if (event.kind === "finished") ids = event.record.prompt_tokens as number[];
    }
    return { promptTokens, ids };
  },
});

window.digestRate = () => digestRate(DEMO.url, DEMO.sha256);
window.readRate = readRate;
window.times = times;
