// SPDX-License-Identifier: Apache-2.0
/**
 * Runs other programs.
 *
 * In: a program, its arguments, and what to do with the lines it prints. Out: everything it printed.
 * Refused: an exit code other than 0, as a Problem that says what the program was for and why it failed.
 */
import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.mjs";
import { commonProblem, Problem } from "./problem.mjs";

const LOG_FOLDER = join(ROOT, "build", "setup");
const LINES_SHOWN = 15;

/**
 * @typedef {Record<string, string | undefined>} Environment
 * @typedef {object} Quiet
 * @property {string} log the log's name
 * @property {(line: string) => boolean | void} [onLine] told each line; one that it answers with true is not kept
 * @property {Environment} [env]
 * @property {string} [cwd] by default the repository's root
 */

/**
 * Run a program quietly; its output goes to a log, and to the screen only when it fails.
 * @param {string} what what the program is for, as the subject of a sentence: "The Python packages"
 * @param {string} program
 * @param {string[]} args
 * @param {Quiet} options
 * @returns {Promise<string>}
 */
export async function runQuietly(what, program, args, options) {
  mkdirSync(LOG_FOLDER, { recursive: true });
  const log = join(LOG_FOLDER, `${options.log}.log`);
  writeFileSync(log, `${program} ${args.join(" ")}\n`);
  const { code, output } = await collect(program, args, options, log);
  if (code === 0) return output;
  const common = commonProblem(what, output);
  if (common) throw common;
  const shown = output.trimEnd().split("\n").slice(-LINES_SHOWN).join("\n");
  throw new Problem(
    "step-failed",
    `${shown}\n\n${what} could not be made ready: ${program} ended with code ${code}. ` +
      `All it said is in ${log}. Mend that and run the command again.`,
  );
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {Omit<Quiet, "log">} options
 * @param {string} [log] a file
 * @returns {Promise<{code: number, output: string}>}
 */
function collect(program, args, options, log) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      shell: needsShell(program),
    });
    let output = "";
    let rest = "";
    /** @param {string} chunk */
    const take = (chunk) => {
      rest += chunk;
      const lines = rest.split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (options.onLine?.(line)) continue;
        output += `${line}\n`;
        if (log !== undefined) appendFileSync(log, `${line}\n`);
      }
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output: output + rest }));
  });
}

/**
 * Run a program with its output on the screen.
 * @param {string} program
 * @param {string[]} args
 * @param {Environment} env
 * @returns {Promise<number>} its exit code
 */
export function runShown(program, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ["ignore", "inherit", "inherit"],
      shell: needsShell(program),
    });
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}

/**
 * Run a program whose output is shown when it has ended.
 * @param {string} program
 * @param {string[]} args
 * @param {Environment} env
 * @returns {Promise<{code: number, output: string}>}
 */
export function runCollected(program, args, env = {}) {
  return collect(program, args, { env });
}

/**
 * Run a program whose every line, of output and of errors, is told as it comes.
 * @param {string} program
 * @param {string[]} args
 * @param {(line: string) => void} onLine
 * @returns {Promise<number>} its exit code
 */
export async function runTold(program, args, onLine, env = {}) {
  const { code } = await collect(program, args, { env, onLine: (line) => (onLine(line), true) });
  return code;
}

/** npm is a .cmd file on Windows, and those only start in a shell. @param {string} program */
function needsShell(program) {
  return process.platform === "win32" && !program.endsWith(".exe");
}
