// SPDX-License-Identifier: Apache-2.0
/**
 * What reading.mjs measured, for people: aims and tables.
 *
 * In: its figures. Out: one entry for each aim, lines of text, or Markdown.
 */
import { aimLines, aligned, markdownTable } from "./table.mjs";

/**
 * @typedef {import("./aims.mjs").Aim} Aim
 * @typedef {import("./reading.mjs").Read} Read
 * @typedef {import("./reading.mjs").Loaded} Loaded
 * @typedef {import("./reading.mjs").Reading} Reading
 */

/** The figures that reading is to reach. @param {Read[]} read @param {Loaded[]} loaded */
export function readingAims(read, loaded) {
  /** @type {Aim[]} */
  const aims = [];
  /** @param {string} aim @param {number} value @param {number} bound */
  const most = (aim, value, bound) =>
    aims.push({ aim, wanted: `at most ${bound}`, value, met: value <= bound });
  const [largest] = read.toSorted((a, b) => b.tokens - a.tokens);
  if (largest) most(`header of ${largest.tokens.toLocaleString("en")} tokens, s`, largest.parse.median, 0.7);
  for (const { kind, encode } of read) most(`100 KB of English, ${kind}, s`, encode.median, 0.5);
  for (const { model, hash, python } of loaded)
    most(`loading ${model}, Python to the hash`, python / hash, 1);
  return aims;
}

/** @param {import("./reading.mjs").Seconds} times */
const seconds = ({ first, median: middle }) => [first.toFixed(3), middle.toFixed(3)];

/** @param {Reading} result @returns {import("./table.mjs").Table[]} */
function tablesOf({ read, loaded }) {
  const readHead = [
    ...["tokenizer", "model", "tokens", "header, first, s", "header, s"],
    ...[
      "with tokenizer, first, s",
      "with tokenizer, s",
      "100 KB of English, first, s",
      "100 KB of English, s",
    ],
  ];
  const readRows = read.map(({ kind, model, tokens, parse, ready, encode }) => [
    ...[kind, model, tokens.toLocaleString("en")],
    ...[parse, ready, encode].flatMap(seconds),
  ]);
  const loadedHead = [
    "model",
    ...["whole", "SHA-256", "storage", "other kernels", "Python and page"].map((part) => `${part}, ms`),
  ];
  const loadedRows = loaded.map(({ model, whole, hash, storage, kernels, python }) => [
    model,
    ...[whole, hash, storage, kernels, python].map((ms) => ms.toFixed(0)),
  ]);
  return [
    { head: readHead, rows: readRows },
    { head: loadedHead, rows: loadedRows },
  ];
}

/** @param {Reading} result */
const captionOf = ({ date, rounds, machine }) =>
  `${date}, ${machine.cores} cores of ${machine.processor}; median of ${rounds} rounds, of loading the quickest.`;

/** @param {Reading} result */
export function formatReading(result) {
  const tables = tablesOf(result).flatMap((table) => ["", ...aligned(table)]);
  return [...["", captionOf(result)], ...tables, "", ...aimLines(result.aims), ""].join("\n");
}

/** @param {Reading} result */
export function readingMarkdown(result) {
  return [...tablesOf(result).map(markdownTable), captionOf(result)].join("\n\n");
}
