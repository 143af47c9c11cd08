// SPDX-License-Identifier: Apache-2.0
/** What the tests of the package open and write, and what must come of it. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { ModelSource } from "../../web/engine/index";
import { sha256Of } from "../golden-runs";

export const STORIES = "tests/fixtures/stories260K.bin";
export const TOKENIZER = "tests/fixtures/tok512.bin";

export const STORIES_SOURCE = {
  url: "models/stories260K.bin",
  expect: `sha256:${sha256Of("stories260K")}`,
  tokenizer: {
    url: "models/tok512.bin",
    expect: "sha256:037cb335abb25d1fa9e8ecae30ed2a3a8ace9302862ebcdc05d51a6bbb10c312",
  },
} satisfies ModelSource;

interface Greedy {
  cases: { prompt: string; text: string }[];
}

/** What llama2.c's run.c writes after "Once upon a time". */
export function writtenByRunC(): string {
  const { cases } = JSON.parse(readFileSync("tests/fixtures/stories260K_greedy.json", "utf8")) as Greedy;
  return cases.find(({ prompt }) => prompt === "Once upon a time")!.text;
}

/** What the command line writes with the same kernels. */
export function writtenByCommandLine(model: string, prompt: string, ...args: string[]): string {
  const command = ["-m", "taleproof", "generate", model, "--prompt", prompt, "--backend", "wasm", "--json"];
  const answer = execFileSync(".venv/bin/python", [...command, ...args], { encoding: "utf8" });
  return (JSON.parse(answer) as { text: string }).text;
}
