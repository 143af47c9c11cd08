// SPDX-License-Identifier: Apache-2.0
/**
 * Pyodide with the engine's package, asked by the benchmark to read: started as the engine's own worker starts it.
 *
 * In: a ReadingTask. Out: what scripts/lib/bench/reading.py answers, or why it came to nothing.
 */
import type { PyodideAPI } from "pyodide";
import program from "../../../scripts/lib/bench/reading.py?url";
import { Arena } from "../../engine/memory/arena";
import { compileKernels } from "../../engine/memory/kernels";
import { startPython } from "../../engine/python/python";
import type { ReadingAnswer, ReadingFigures, ReadingTask } from "../messages";

type Measure = (
  arena: Arena,
  names: string[],
  files: Uint8Array[],
  hasTokenizer: boolean,
  text: string,
  rounds: number,
) => string;

const scope = self as unknown as DedicatedWorkerGlobalScope;

async function fetched(url: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}

async function readingOf(python: PyodideAPI): Promise<Measure> {
  const source = await (await fetch(program)).text();
  const globals = python.toPy({}) as { get(name: string): Measure };
  python.runPython(source, { globals: globals as never });
  return globals.get("measure");
}

async function perform({ base, model, text, rounds }: ReadingTask): Promise<ReadingFigures> {
  const [python, kernels] = await Promise.all([startPython(base, () => undefined), compileKernels(base)]);
  const arena = new Arena(kernels);
  const measure = await readingOf(python);
  const files = [...model.files, ...(model.tokenizer ? [model.tokenizer] : [])];
  const bytes = await Promise.all(files.map(({ url }) => fetched(new URL(url, base).href)));
  const names = files.map(({ name }) => name);
  return JSON.parse(
    measure(arena, names, bytes, model.tokenizer !== undefined, text, rounds),
  ) as ReadingFigures;
}

scope.addEventListener("message", ({ data }: MessageEvent<ReadingTask>) => {
  perform(data).then(
    (figures) => scope.postMessage({ figures } satisfies ReadingAnswer),
    (error: unknown) => scope.postMessage({ error: String(error) } satisfies ReadingAnswer),
  );
});
