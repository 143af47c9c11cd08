/** Reads a command's options. Refused: what it does not know, and numbers that are no ports, with how it is used. */
import { parseArgs } from "node:util";
import { Problem } from "../problem.mjs";

/**
 * @param {string} usage "npm run chain:revoke -- NAME VERSION --reason TEXT"
 * @param {{words?: number, options: Record<string, string | undefined>}} shape words: how many it takes; options: their
 *   names, with defaults
 * @returns {{words: string[], options: Record<string, string>}}
 */
export function readOptions(usage, { words = 0, options }) {
  const known = Object.fromEntries(Object.keys(options).map((name) => [name, { type: "string" }]));
  let read;
  try {
    read = parseArgs({ options: known, allowPositionals: true });
  } catch (cause) {
    throw new Problem("usage", `${cause.message}\nUsage: ${usage}`, { cause });
  }
  if (read.positionals.length !== words) throw new Problem("usage", `Usage: ${usage}`);
  return { words: read.positionals, options: { ...options, ...read.values } };
}

/** @returns {number} */
export function readPort(text, name, most = 65_535) {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1024 && port <= most) return port;
  throw new Problem("usage", `--${name} is a number from 1024 to ${most}, not ${text}.`);
}
