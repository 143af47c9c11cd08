/**
 * What reading.mjs measured, for people: aims and tables.
 *
 * In: its figures. Out: one entry for each aim, lines of text, or Markdown.
 */
import { aimLines, aligned, markdownTable } from "./table.mjs";

/** The figures that reading is to reach. */
export function readingAims(read, loaded) {
  const aims = [];
  const most = (aim, value, bound) =>
    aims.push({ aim, wanted: `at most ${bound}`, value, met: value <= bound });
  const largest = read.toSorted((a, b) => b.tokens - a.tokens)[0];
  most(`header of ${largest.tokens.toLocaleString("en")} tokens, s`, largest.parse.median, 0.7);
  for (const { kind, encode } of read) most(`100 KB of English, ${kind}, s`, encode.median, 0.5);
  for (const { model, hash, python } of loaded)
    most(`loading ${model}, Python to the hash`, python / hash, 1);
  return aims;
}

const seconds = ({ first, median: middle }) => [first.toFixed(3), middle.toFixed(3)];

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
    [readHead, readRows],
    [loadedHead, loadedRows],
  ];
}

const captionOf = ({ date, rounds, machine }) =>
  `${date}, ${machine.cores} cores of ${machine.processor}; median of ${rounds} rounds, of loading the quickest.`;

export function formatReading(result) {
  const tables = tablesOf(result).flatMap(([head, rows]) => ["", ...aligned([head, ...rows])]);
  return [...["", captionOf(result)], ...tables, "", ...aimLines(result.aims), ""].join("\n");
}

export function readingMarkdown(result) {
  const tables = tablesOf(result).map(([head, rows]) => markdownTable(head, rows));
  return [...tables, captionOf(result)].join("\n\n");
}
