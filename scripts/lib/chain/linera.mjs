// SPDX-License-Identifier: Apache-2.0
/**
 * The `linera` program: whether it is there, and running one of its commands to the end.
 *
 * In: a command's arguments and the wallet's environment. Out: what it printed. Refused: a missing program, one of
 * another version than the contract's, and a command that failed, as a Problem that says what to do.
 */
import { execFile, execFileSync } from "node:child_process";
import { Problem } from "../problem.mjs";

/** The version that the contract is written against (chain/Cargo.toml). */
const LINERA_VERSION = "0.15.17";
const INSTALL = `cargo install --locked linera-service@${LINERA_VERSION} linera-storage-service@${LINERA_VERSION}`;
/** A backtrace is longer than what Node.js keeps by default. */
const OUTPUT_BYTES = 16 << 20;

/** @returns {string | null} the version of the `linera` on the search path, or null if there is none */
export function lineraVersion(environment = process.env) {
  try {
    const answer = execFileSync("linera", ["--version"], {
      encoding: "utf8",
      env: environment,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return /\bv(\d+\.\d+\.\d+)/.exec(answer)?.[1] ?? "unknown";
  } catch {
    return null;
  }
}

/** Refuses to go on without the right `linera`. */
export function requireLinera(version = lineraVersion()) {
  if (version === LINERA_VERSION) return;
  const found = version === null ? "it was not found on the search path" : `this one is ${version}`;
  throw new Problem(
    version === null ? "linera-missing" : "linera-version",
    `This needs the program \`linera\` ${LINERA_VERSION}, and ${found}. Install it with Rust 1.86:\n  ${INSTALL}\n` +
      "and run the command again.",
  );
}

/**
 * Run a command of `linera`.
 * @param {string} what for the error's sentence, as its subject: "The data blob"
 * @param {string[]} args
 * @param {Record<string, string>} environment the wallet's
 * @returns {Promise<string>} what it printed, without the log
 */
export function linera(what, args, environment) {
  const options = { env: { ...process.env, ...environment, RUST_LOG: "error" }, maxBuffer: OUTPUT_BYTES };
  return new Promise((resolve, reject) => {
    execFile("linera", args, options, (error, stdout, stderr) => {
      if (error) reject(lineraProblem(what, `${stderr}\n${stdout}`, error));
      else resolve(stdout.trim());
    });
  });
}

/** @type {[code: string, pattern: RegExp, remedy: string][]} */
const CAUSES = [
  [
    "no-balance",
    /insufficient (?:funding|balance)|FeesExceedFunding|can(?:'t|not) (?:cover|pay)|exceeds? .{0,40}balance/i,
    "the chain has too few tokens for the fee. Send it some (`linera transfer`), or remove the wallet's folder, so " +
      "that the faucet gives a new chain.",
  ],
  [
    "wallet-busy",
    /LOCK: Resource temporarily unavailable|already locked/i,
    "another program has this wallet open. End it, and run the command again.",
  ],
  [
    "network-unreachable",
    /tcp connect error|Connection refused|dns error|Name or service not known|failed to lookup|error trying to connect|transport error/i,
    "the network does not answer. For a local one, run `npm run chain:up` in another terminal; for another, look at " +
      "the connection and at the faucet's address.",
  ],
];

/**
 * What a failed command printed -> the Problem to tell.
 * @param {string} what
 * @param {string} output
 * @param {unknown} [cause]
 */
export function lineraProblem(what, output, cause) {
  for (const [code, pattern, remedy] of CAUSES) {
    if (pattern.test(output)) return new Problem(code, `${what} failed: ${remedy}`, { cause });
  }
  return new Problem("linera-failed", `${what} failed. \`linera\` says:\n${essence(output)}`, { cause });
}

/** What a person can use of linera's error: the message and its causes, without stamps and backtraces. @param {string} output */
function essence(output) {
  const [text = ""] = output.split(/^Stack backtrace:/m);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => line.replace(/^\S+Z\s+ERROR \S+: /, "")).join("\n");
}
