// SPDX-License-Identifier: Apache-2.0
/**
 * A program that runs until it is stopped: the local network, a wallet's service.
 *
 * In: the program, and how to tell that it is ready. Out: a Child, which can be stopped and whose end can be heard of.
 * It has a process group of its own, so that all that it started goes with it, and so that a Ctrl+C in the terminal
 * reaches this program alone, which then takes things down in order.
 */
import { spawn } from "node:child_process";
import { Problem } from "../problem.mjs";

const LINES_KEPT = 30;
const PATIENCE_MS = 5_000;

/**
 * Groups that are running, for the case that this program ends without having stopped them.
 * @type {Set<number>}
 */
const running = new Set();
process.on("exit", () => running.forEach((pid) => signalGroup(pid, "SIGKILL")));

export class Child {
  #child;
  /** @type {string[]} */
  #lines = [];
  /** @type {(line: string) => void} */
  #onLine = () => {};

  /**
   * @param {string} what for sentences, as their subject: "The local network"
   * @param {string} program
   * @param {string[]} args
   * @param {Record<string, string>} environment
   */
  constructor(what, program, args, environment) {
    this.what = what;
    this.stopping = false;
    this.#child = spawn(program, args, {
      detached: true,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { pid } = this.#child;
    if (pid !== undefined) running.add(pid);
    /** @type {Promise<string>} how it ended; it never rejects */
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(error.message));
      // Not "close": what it started may outlive it and hold its output open.
      this.#child.once("exit", (code, signal) => resolve(signal ? `signal ${signal}` : `code ${code}`));
    });
    if (pid !== undefined) void this.ended.then(() => running.delete(pid));
    for (const stream of [this.#child.stdout, this.#child.stderr]) this.#keep(stream);
  }

  /** Its last lines, which say why it ended. */
  get lastLines() {
    return this.#lines.join("\n");
  }

  /** Waits for a line with this text; fails when the program ends before, or is silent for too long. @param {string} text @param {number} milliseconds */
  async printed(text, milliseconds) {
    const heard = new Promise((resolve) => {
      this.#onLine = (line) => line.includes(text) && resolve(true);
    });
    await this.#within(heard, milliseconds);
  }

  /** The same until `question` is answered with yes. @param {() => Promise<boolean>} question @param {number} milliseconds */
  async answers(question, milliseconds) {
    let waiting = true;
    const asked = (async () => {
      while (waiting && !(await question())) await new Promise((resolve) => setTimeout(resolve, 100));
      return true;
    })();
    try {
      await this.#within(asked, milliseconds);
    } finally {
      waiting = false;
    }
  }

  /** Ask it to end, and make it end. */
  async stop() {
    if (this.stopping) return this.ended;
    this.stopping = true;
    const { pid } = this.#child;
    if (pid === undefined) return this.ended;
    signalGroup(pid, "SIGINT");
    const impatience = setTimeout(() => signalGroup(pid, "SIGKILL"), PATIENCE_MS);
    await this.ended;
    clearTimeout(impatience);
    // Whatever it has started and left behind.
    signalGroup(pid, "SIGKILL");
    return this.ended;
  }

  /** Never returns; throws when it has ended. @returns {Promise<never>} */
  async end() {
    const how = await this.ended;
    throw new Problem("child-ended", `${this.lastLines}\n\n${this.what} has ended by itself (${how}).`);
  }

  /** @param {Promise<unknown>} promise @param {number} milliseconds */
  async #within(promise, milliseconds) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(
        () => reject(new Problem("child-silent", `${this.lastLines}\n\n${this.what} is not ready in time.`)),
        milliseconds,
      );
    });
    try {
      await Promise.race([promise, this.end(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {import("node:stream").Readable} stream */
  #keep(stream) {
    let rest = "";
    stream.setEncoding("utf8").on("data", (/** @type {string} */ chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        this.#lines.push(line);
        if (this.#lines.length > LINES_KEPT) this.#lines.shift();
        this.#onLine(line);
      }
    });
  }
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // All of the group have ended.
  }
}
