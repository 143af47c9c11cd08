// SPDX-License-Identifier: Apache-2.0
/**
 * The engine's Python as the worker calls it: the Api of apps/worker/api.py and what it is made with.
 *
 * Arguments and answers are JSON; what else crosses is a JavaScript object that Python uses while a call lasts.
 */

import { EngineError } from "../errors";
import type { Arena } from "../memory/arena";
import type { Fetcher } from "../network/fetcher";
import type { ErrorData, FileRequest, LoadPhase, Purpose, PythonResults } from "../protocol";
import { LocalFile } from "../storage/local-file";
import type { ModelStorage } from "../storage/storage";

/** Its methods answer with JSON: {"ok": result} or {"error": ErrorData}. */
export interface PythonApi {
  open(
    sources: PythonSource[],
    purpose: Purpose,
    context: number | undefined,
    progress: (phase: LoadPhase, file: string, bytes: number, total: number | undefined) => void,
    stopped: () => boolean,
    registry: (() => Promise<string>) | undefined,
  ): Promise<string>;
  judge(answers: string): string;
  cancel(): Promise<void>;
  start(request: string): string;
  next(): string;
  stop(): string;
  alternatives(request: string): string;
  embed(text: string): string;
  close(): Promise<string>;
  info(): string;
  random_bytes(count: number): Uint8Array;
}

/** See Means in apps/worker/api.py. */
interface Means {
  arena: Arena;
  storage: ModelStorage;
  fetcher: Fetcher;
  device_bytes: number | undefined;
  python_bytes(): number;
}

/** The module apps/worker/api.py. */
export interface ApiModule {
  create(means: Means): PythonApi;
}

/** A FileRequest in JSON, with a reader for the file where the person chose one. */
interface PythonSource {
  request: string;
  file: LocalFile | undefined;
}

export function forPython(request: FileRequest): PythonSource {
  const { source } = request;
  return {
    request: JSON.stringify(request),
    file: source.kind === "file" ? new LocalFile(source.file) : undefined,
  };
}

/** The result of a call, or its error thrown. */
export function unwrap<T extends PythonResults[keyof PythonResults]>(json: string): T {
  const answer = JSON.parse(json) as { ok: T } | { error: ErrorData };
  if ("error" in answer) throw new EngineError(answer.error);
  return answer.ok;
}
