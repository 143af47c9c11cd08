// SPDX-License-Identifier: Apache-2.0
/** Reads a command's options. Refused: what it does not know, and numbers that are no ports, with how it is used. */
import { parseArgs } from "node:util";
import { errorMessage, Problem } from "../problem.mjs";

/**
 * @template {string} Name
 * @param {string} usage "npm run chain:revoke -- NAME VERSION --reason TEXT"
 * @param {{words?: number, options: Record<Name, string | undefined>}} shape words: how many it takes; options: their
 *   names, with defaults
 * @returns {{words: string[], options: Record<Name, string | undefined>}}
 */
export function readOptions(usage, { words = 0, options }) {
  const names = /** @type {Name[]} */ (Object.keys(options));
  const { values, positionals } = parse(usage, names);
  if (positionals.length !== words) throw new Problem("usage", `Usage: ${usage}`);
  const read = { ...options };
  for (const name of names) {
    const value = values[name];
    if (typeof value === "string") read[name] = value;
  }
  return { words: positionals, options: read };
}

/** @param {string} usage @param {string[]} names */
function parse(usage, names) {
  const options = Object.fromEntries(names.map((name) => [name, { type: /** @type {const} */ ("string") }]));
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (cause) {
    throw new Problem("usage", `${errorMessage(cause)}\nUsage: ${usage}`, { cause });
  }
}

/** @param {string | undefined} text @param {string} name @returns {number} */
export function readPort(text, name, most = 65_535) {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1024 && port <= most) return port;
  throw new Problem("usage", `--${name} is a number from 1024 to ${most}, not ${text}.`);
}
