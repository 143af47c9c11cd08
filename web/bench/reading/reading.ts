// SPDX-License-Identifier: Apache-2.0
/** The benchmark's page that reads: a model's header, and an English text with the model's tokenizer. */
import type { ReadingAnswer, ReadingFigures, ReadingTask } from "../messages";
import { listedModel } from "../models";

declare global {
  interface Window {
    reading: (name: string, rounds: number) => Promise<ReadingFigures>;
  }
}

/** Reads a model of the benchmark's, in a Python that has just started. */
window.reading = async (name, rounds) => {
  const text = await (await fetch("bench-models/english.txt")).text();
  const task: ReadingTask = { base: document.baseURI, model: await listedModel(name), text, rounds };
  const worker = new Worker(new URL("./reading-worker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<ReadingAnswer>) => {
        if ("figures" in data) resolve(data.figures);
        else reject(new Error(data.error));
      };
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(task);
    });
  } finally {
    worker.terminate();
  }
};
