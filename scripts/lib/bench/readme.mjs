// SPDX-License-Identifier: Apache-2.0
/**
 * Puts a run's tables between two marks in README.md or docs/speed.md.
 *
 * In: a file, the name of its marks, and the tables. Refused: a file without the marks.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../paths.mjs";
import { Problem } from "../problem.mjs";
import { writeWhole } from "../stamp.mjs";

/** @param {string} file below the repository's root @param {string} name @param {string} tables */
export function writeBetween(file, name, tables) {
  const path = join(ROOT, file);
  const text = readFileSync(path, "utf8");
  const [first, last] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [begin, end] = [text.indexOf(first), text.indexOf(last)];
  if (begin < 0 || end < begin) {
    throw new Problem("bench-marks", `${file} has no ${first} and ${last} for the table to stand between.`);
  }
  writeWhole(path, `${text.slice(0, begin)}${first}\n\n${tables}\n\n${text.slice(end)}`);
}
