/** The benchmark's page with this engine: the same client, worker and kernels as in the product. */
import { Arena } from "../engine/arena";
import { EngineClient } from "../engine/client";
import { compileKernels } from "../engine/kernels";
import { type BenchEngine, runPage, THREADS } from "./page";

const CONTEXT = 1024;
const CHUNK = 1 << 20;
/** The median of three counts: the first is slower, while the browser still compiles the kernel for speed. */
const DIGEST_RUNS = 3;
const DEMO_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";

const client = new EngineClient((error) => {
  throw error;
});

/** SHA-256 over the whole file, chunk by chunk, where it lies in the arena: the work that each load of a model does. */
async function digestRate(url: string): Promise<number> {
  const file = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const arena = new Arena(await compileKernels(document.baseURI));
  const kernel = (name: string) => arena.exports[name] as (...args: number[]) => number;
  const state = arena.base;
  const result = state + kernel("sha256_state_size")();
  const data = Math.ceil((result + 32) / 64) * 64;
  arena.ensure(data + file.length);
  arena.put(data, file);
  const seconds: number[] = [];
  for (let run = 0; run < DIGEST_RUNS; run++) {
    const began = performance.now();
    kernel("sha256_init")(state);
    for (let at = 0; at < file.length; at += CHUNK) {
      kernel("sha256_update")(state, data + at, Math.min(CHUNK, file.length - at));
    }
    kernel("sha256_final")(state, result);
    seconds.push((performance.now() - began) / 1000);
  }
  const hex = [...arena.view(result, 32)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (hex !== DEMO_SHA256) throw new Error(`the digest is wrong: ${hex}`);
  return file.length / seconds.sort((a, b) => a - b)[DIGEST_RUNS >> 1]!;
}

const engine: BenchEngine = {
  async start() {
    await client.ready();
    const threads = await client.useThreads(THREADS);
    if (threads !== THREADS) throw new Error(`the engine runs with ${threads} threads`);
  },
  async open(url) {
    const result = await client.open({
      source: { kind: "url", url },
      pinned: { sha256: DEMO_SHA256 },
      contextLength: CONTEXT,
    });
    if (result.kind !== "ready") throw new Error("the demo model was not accepted");
  },
  async write({ prompt, maxTokens }, onTokens) {
    let promptTokens = 0;
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
    }
    return promptTokens;
  },
  digest: digestRate,
};

runPage(engine);
