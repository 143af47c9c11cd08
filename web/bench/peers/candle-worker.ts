// SPDX-License-Identifier: Apache-2.0
/** candle's WebAssembly in a worker. In: a CandleTask at a time. Out: tokens, then how it ended. */

import type { CandleAnswer, CandleTask } from "../messages";

/** The exports of scripts/bench-candle/src/lib.rs. */
interface Candle {
  memory: WebAssembly.Memory;
  room(bytes: number): number;
  open(file: number, bytes: number): number;
  step(ids: number, count: number, position: number): number;
}

const scope = self as unknown as DedicatedWorkerGlobalScope;
let candle: Candle;
const answer = (message: CandleAnswer): void => scope.postMessage(message);

async function open(wasm: string, model: string): Promise<void> {
  const code = await WebAssembly.instantiateStreaming(fetch(wasm), {});
  candle = code.instance.exports as unknown as Candle;
  const file = new Uint8Array(await (await fetch(model)).arrayBuffer());
  const at = candle.room(file.length);
  new Uint8Array(candle.memory.buffer, at, file.length).set(file);
  if (candle.open(at, file.length) !== 0) throw new Error("candle refused the model");
}

function write(prompt: number[], maxTokens: number): void {
  let [ids, position] = [prompt, 0];
  for (let i = 0; i < maxTokens; i++) {
    const at = candle.room(4 * ids.length);
    new Uint32Array(candle.memory.buffer, at, ids.length).set(ids);
    const id = candle.step(at, ids.length, position);
    position += ids.length;
    ids = [id];
    answer({ kind: "token", id });
  }
}

scope.onmessage = async ({ data }: MessageEvent<CandleTask>) => {
  try {
    if (data.kind === "open") await open(data.wasm, data.model);
    else write(data.ids, data.maxTokens);
    answer({ kind: "done" });
  } catch (error) {
    answer({ kind: "failed", reason: String(error) });
  }
};
