// SPDX-License-Identifier: Apache-2.0
/** The benchmark's page with wllama (llama.cpp compiled to WebAssembly): no GPU, otherwise as it comes. */
import { Wllama } from "@wllama/wllama/esm/index.js";
import wasm from "@wllama/wllama/esm/wasm/wllama.wasm?url";
import { CONTEXT, modelUrl, runPage, THREADS } from "../page";

const silent = { debug() {}, log() {}, warn() {}, error() {} };
const wllama = new Wllama({ default: wasm }, { logger: silent, suppressNativeLog: true });

runPage({
  async open() {
    const options = { n_threads: THREADS, n_gpu_layers: 0, n_ctx: CONTEXT, useCache: true };
    await wllama.loadModelFromUrl(await modelUrl(), options);
    if (wllama.getNumThreads() !== THREADS) {
      throw new Error(`wllama runs with ${wllama.getNumThreads()} threads`);
    }
  },
  async write({ prompt, maxTokens }, onTokens) {
    let promptTokens = 0;
    const chunks = await wllama.createCompletion({
      prompt,
      max_tokens: maxTokens,
      temperature: 0,
      stream: true,
    });
    for await (const chunk of chunks) {
      const text = chunk.choices[0]?.text ?? "";
      if (text !== "") onTokens(1, text);
      promptTokens = chunk.usage?.prompt_tokens ?? promptTokens;
      if (chunk.timings) promptTokens = chunk.timings.prompt_n + (chunk.timings.cache_n ?? 0);
    }
    return { promptTokens, ids: [] };
  },
});
