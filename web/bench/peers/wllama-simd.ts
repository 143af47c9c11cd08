// SPDX-License-Identifier: Apache-2.0
/**
 * The benchmark's page with wllama 2.3.1, the last one that was built with ggml's own WebAssembly SIMD kernels: later ones
 * are several times slower on the block types that have such a kernel.
 */
import { Wllama } from "wllama-with-simd/esm/index.js";
import several from "wllama-with-simd/esm/multi-thread/wllama.wasm?url";
import single from "wllama-with-simd/esm/single-thread/wllama.wasm?url";
import { CONTEXT, modelUrl, runPage, THREADS } from "../page";

const silent = { debug() {}, log() {}, warn() {}, error() {} };
const wllama = new Wllama(
  { "single-thread/wllama.wasm": single, "multi-thread/wllama.wasm": several },
  { logger: silent, suppressNativeLog: true },
);

runPage({
  async open() {
    const options = { n_threads: THREADS, n_ctx: CONTEXT, useCache: true };
    await wllama.loadModelFromUrl(await modelUrl(), options);
    if (wllama.getNumThreads() !== THREADS) {
      throw new Error(`wllama runs with ${wllama.getNumThreads()} threads`);
    }
  },
  async write({ prompt, maxTokens }, onTokens) {
    const options = { nPredict: maxTokens, sampling: { temp: 0 }, stream: true } as const;
    let before = "";
    for await (const { currentText } of await wllama.createCompletion(prompt, options)) {
      onTokens(1, currentText.slice(before.length));
      before = currentText;
    }
    const ids = await wllama.tokenize(prompt, true);
    return { promptTokens: ids.length, ids: [] };
  },
});
