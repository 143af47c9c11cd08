// SPDX-License-Identifier: Apache-2.0
/** Whole numbers of the command line. In: an option's name and text. Out: its number. Refused: anything else. */
import { Problem } from "../problem.mjs";

/** @param {string} name @param {string} text @param {number} [least] */
export function wholeNumber(name, text, least = 1) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && text.trim() !== "") return value;
  throw new Problem("bad-option", `--${name} takes whole numbers from ${least} on, not "${text}".`);
}
