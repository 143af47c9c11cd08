/** The benchmark's page with this engine: the same client, worker and kernels as in the product. */
import { EngineClient } from "../engine/client";
import { digestRate } from "./digest-rate";
import type { MemoryFigures } from "../engine/protocol";
import { CONTEXT, MODEL, query, runPage, THREADS } from "./page";
import { readRate } from "./read-rate";
import { times, timedWorker } from "./timed-client";

const DEMO = { url: MODEL, sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53" };

/** A model of the benchmark's own, as scripts/bench_models.py lists them. */
interface SmallModel {
  url: string;
  sha256: string;
  tokenizer: { url: string; sha256: string };
}

declare global {
  interface Window {
    digestRate: () => Promise<number>;
    memoryFigures: MemoryFigures;
    readRate: typeof readRate;
    times: typeof times;
  }
}

const client = new EngineClient(
  (error) => {
    throw error;
  },
  query.has("timed") ? timedWorker : undefined,
);

/** `model` in the page's address names one of the benchmark's own; otherwise it is the one that all engines run. */
async function chosenModel(): Promise<{ url: string; sha256: string; tokenizer?: SmallModel["tokenizer"] }> {
  const name = query.get("model");
  if (name === null) return DEMO;
  const models = (await (await fetch("bench-models/models.json")).json()) as Record<string, SmallModel>;
  const model = models[name];
  if (!model) throw new Error(`no model ${name}`);
  return model;
}

runPage({
  async open() {
    const ready = client.useThreads(THREADS);
    const { url, sha256, tokenizer } = await chosenModel();
    const result = await client.open({
      source: { kind: "url", url },
      pinned: { sha256 },
      tokenizer: tokenizer
        ? { source: { kind: "url", url: tokenizer.url }, pinned: { sha256: tokenizer.sha256 } }
        : null,
      contextLength: tokenizer ? null : CONTEXT,
    });
    if (result.kind !== "ready") throw new Error("the model was not accepted");
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
