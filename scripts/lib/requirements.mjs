// SPDX-License-Identifier: Apache-2.0
/**
 * One requirement out of requirements.txt.
 *
 * In: the file's text and a package's name. Out: its lines, with the digests. Refused: a package that is not there.
 */

/** @param {string} text @param {string} name in lower case @returns {string} */
export function blockOf(text, name) {
  const block = text.split(/\n(?=\S)/).find((lines) => lines.startsWith(`${name}==`));
  if (!block) throw new Error(`${name} is not in requirements.txt`);
  return block;
}
