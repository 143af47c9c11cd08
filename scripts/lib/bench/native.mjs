// SPDX-License-Identifier: Apache-2.0
/**
 * The lane of llama.cpp on the machine itself, where the Python package xllamacpp is installed.
 *
 * In: a number of threads. Out: a lane as measure.mjs takes them, or why there is none. The process lives as long as the
 * run, as the browsers do, so that its turns come between theirs.
 */
import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { ROOT, venvProgram } from "../paths.mjs";
import { Problem } from "../problem.mjs";
import { CONTEXT } from "./jobs.mjs";

const PACKAGE = "xllamacpp";
const SCRIPT = join(ROOT, "scripts", "lib", "bench", "native.py");

/** @returns {string | null} a Python that has the package */
export function findNative(environment = process.env) {
  const named = environment.TALEPROOF_XLLAMACPP_PYTHON;
  const programs = named ? [named] : [venvProgram("python"), "python3"];
  return programs.find(hasPackage) ?? null;
}

export const NO_NATIVE =
  `not measured: install the Python package ${PACKAGE} (pip install ${PACKAGE}), and name that Python in ` +
  "TALEPROOF_XLLAMACPP_PYTHON";

/** @param {string} python */
function hasPackage(python) {
  try {
    execFileSync(python, ["-c", `import ${PACKAGE}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * @typedef {import("node:stream").Writable} Writable
 * @typedef {import("node:stream").Readable} Readable
 * @typedef {import("node:child_process").ChildProcessByStdio<Writable, Readable, null>} Child
 * @typedef {{version: string, instructions: string[]}} Begun native.py's first line
 * @typedef {{text: string, prompt_n: number, prompt_per_second: number, predicted_n: number, predicted_per_second: number,
 *   first_seconds: number, whole_seconds: number}} Written its line for a text
 */

export class NativeLane {
  engine = "llama.cpp";
  title = "llama.cpp native";
  /** @type {string | null} told when it has begun, like `instructions` */
  version = null;
  /** @type {string[] | null} */
  instructions = null;
  /** @type {Child | null} */
  #child = null;
  /** @type {NodeJS.AsyncIterator<string> | null} */
  #lines = null;

  /** @param {string} python @param {number} threads @param {string} model the path of its file */
  constructor(python, threads, model) {
    this.python = python;
    this.threads = threads;
    this.model = model;
  }

  async begin() {
    const child = spawn(this.python, [SCRIPT, this.model, String(this.threads), String(CONTEXT)], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    child.on("error", () => undefined); // its lines then end, which is told below
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    /** @type {Begun} */
    const { version, instructions } = await this.#answer();
    this.version = `${PACKAGE} ${version}`;
    this.instructions = instructions;
  }

  /** @param {import("./measure.mjs").Job} job */
  async round({ prompt, maxTokens }) {
    this.#child?.stdin.write(`${JSON.stringify({ prompt, tokens: maxTokens })}\n`);
    /** @type {Written} */
    const answer = await this.#answer();
    return {
      promptTokens: answer.prompt_n,
      tokens: answer.predicted_n,
      prefillTokensPerSecond: answer.prompt_per_second,
      decodeTokensPerSecond: answer.predicted_per_second,
      prefillTokensPerProcessorSecond: answer.prompt_n / answer.first_seconds,
      decodeTokensPerProcessorSecond:
        (answer.predicted_n - 1) / (answer.whole_seconds - answer.first_seconds),
      text: answer.text,
    };
  }

  /** @template T @returns {Promise<T>} */
  async #answer() {
    const line = await this.#lines?.next();
    if (!line || line.done)
      throw new Problem("bench-native", `${PACKAGE} ended before its time. Try it by itself: ${SCRIPT}`);
    return JSON.parse(line.value);
  }

  async dispose() {
    this.#child?.kill();
  }
}
