// SPDX-License-Identifier: Apache-2.0
/** The benchmark's page with candle (scripts/bench-candle), in a worker as any engine would be. It brings no tokenizer here. */
import type { CandleAnswer, CandleTask } from "../messages";
import { type Job, MODEL, runPage } from "../page";

const worker = new Worker(new URL("./candle-worker.ts", import.meta.url), { type: "module" });

/** Sends a task; resolves with the answer that ends it, after telling of each token before. */
function ask(task: CandleTask, onToken: (id: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<CandleAnswer>) => {
      if (data.kind === "token") onToken(data.id);
      else if (data.kind === "done") resolve();
      else reject(new Error(data.reason));
    };
    worker.postMessage(task);
  });
}

runPage({
  open: () =>
    ask(
      { kind: "open", wasm: new URL("candle/candle.wasm", document.baseURI).href, model: MODEL },
      () => undefined,
    ),
  async write({ ids, maxTokens }: Job, onTokens) {
    await ask({ kind: "write", ids, maxTokens }, (id) => onTokens(1, `${id} `));
    return { promptTokens: ids.length, ids };
  },
});
