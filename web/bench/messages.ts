// SPDX-License-Identifier: Apache-2.0
/** What the pages of the benchmark and their workers say to one another. */

import type { ListedModel } from "./models";

export type CandleTask =
  { kind: "open"; wasm: string; model: string } | { kind: "write"; ids: number[]; maxTokens: number };

export type CandleAnswer =
  { kind: "token"; id: number } | { kind: "done" } | { kind: "failed"; reason: string };

export interface ReadingTask {
  base: string;
  model: ListedModel;
  text: string;
  rounds: number;
}

export interface ReadingFigures {
  tokens: number;
  text_tokens: number;
  /** Seconds of each round. */
  parse: number[];
  ready: number[];
  encode: number[];
}

export type ReadingAnswer = { figures: ReadingFigures } | { error: string };

/** An instruction of a program, with all its runs on steps of one kind. */
export interface InstructionTime {
  /** Its words; see kernels/include/program.h. */
  words: number[];
  prefill: boolean;
  runs: number;
  /** Over all runs: tokens of the steps, positions of their first tokens. */
  tokens: number;
  positions: number;
  ms: number;
}

export interface Times {
  /** Milliseconds in each exported kernel. */
  kernels: Record<string, number>;
  /** Milliseconds in which files of this browser's storage were read. */
  storage: number;
  /** Milliseconds from the page's requests to their answers, kernels included. */
  busy: number;
  requests: number;
  instructions: InstructionTime[];
}
