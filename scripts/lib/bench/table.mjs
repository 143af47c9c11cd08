// SPDX-License-Identifier: Apache-2.0
/** The figures as tables for people. In: what a run resulted in. Out: lines of text, or Markdown. */
import { comparisonsOf, WANTED } from "./aims.mjs";

/**
 * @typedef {import("./run.mjs").Measured} Measured
 * @typedef {import("./run.mjs").Result} Result
 * @typedef {import("./measure.mjs").Figure} Figure
 * @typedef {string[]} Cells
 * @typedef {{head: Cells, rows: Cells[]}} Table
 */

/** @param {number} value */
const rate = (value) => value.toFixed(1);
/** @param {number} value */
const seconds = (value) => (value / 1000).toFixed(2);
/** @param {number} value */
const megabytes = (value) => (value / 1e6).toFixed(0);

/** @type {[label: string, figure: Figure | "peakProcessBytes", show: (value: number) => string][]} */
const COLUMNS = [
  ["decode, tokens/s", "decodeTokensPerSecond", rate],
  ["prefill, tokens/s", "prefillTokensPerSecond", rate],
  ["decode, tokens/s of processor time", "decodeTokensPerProcessorSecond", rate],
  ["prefill, tokens/s of processor time", "prefillTokensPerProcessorSecond", rate],
  ["click to first token, s", "clickToFirstTokenMs", seconds],
  ["page to first token, s", "pageToFirstTokenMs", seconds],
  ["peak memory, MB", "peakProcessBytes", megabytes],
];

/**
 * All models' rows in one table. A column that nobody has figures for is left out.
 * @param {Measured} result
 * @returns {Table}
 */
function cellsOf({ models }) {
  const all = models.flatMap(({ title, rows }) => rows.map((row) => ({ model: title, row })));
  const columns = COLUMNS.filter(([, figure]) => all.some(({ row }) => row[figure]));
  const head = ["model", "engine", "threads", ...columns.map(([label]) => label)];
  const rows = all.map(({ model, row }) => [
    ...[model, row.title, String(row.threads)],
    ...columns.map(([, figure, show]) => (row[figure] ? show(row[figure]) : "-")),
  ]);
  return { head, rows };
}

/**
 * How each model compares, decoding and reading: the figures that the whole run is for.
 * @param {Measured} result
 * @returns {Table}
 */
function comparisonCells(result) {
  /** @param {number | null} value @param {number} wanted */
  const times = (value, wanted) =>
    value === null ? "-" : `${value.toFixed(2)}${value >= wanted ? "" : ` (${wanted} wanted)`}`;
  const head = ["model", "threads", "", "strongest other engine in a browser", "to it", "to native"];
  const rows = comparisonsOf(result).map(({ model, threads, figure, strongest, toBrowser, toNative }) => [
    ...[model, String(threads), figure, strongest ?? "-"],
    ...[times(toBrowser, WANTED.browser), times(toNative, WANTED.native)],
  ]);
  return { head, rows };
}

/** @param {Table} table */
const widthsOf = ({ head, rows }) =>
  head.map((label, i) => Math.max(label.length, ...rows.map((row) => row[i]?.length ?? 0)));

/** The first column to the left, the others to the right. @param {Cells} row @param {number[]} widths */
const padded = (row, widths) =>
  row.map((cell, i) => (i ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)));

/** Columns as wide as their longest cell. @param {Table} table */
export function aligned(table) {
  const widths = widthsOf(table);
  const rule = widths.map((width) => "-".repeat(width));
  return [padded(table.head, widths), rule, ...table.rows.map((row) => padded(row, widths))].map((cells) =>
    cells.join("  "),
  );
}

/** What was measured, on what, and when. @param {Measured} result */
export function captionOf({ machine, models, rounds, date, chromium }) {
  const rows = models.flatMap((model) => model.rows);
  const [round] = rows.flatMap((row) => row.rounds);
  const written = round ? `${round.promptTokens} tokens of prompt, ${round.tokens} written, ` : "";
  const native = rows.find(({ version }) => version !== null);
  const found = native?.instructions ? `, which found ${native.instructions.join(", ")}` : "";
  return (
    `${date}, ${machine.cores} cores of ${machine.processor}, Chromium ${chromium}: ` +
    `${written}${rounds === 1 ? "one round" : `median of ${rounds} rounds`}${native ? `; ${native.title} is ${native.version}${found}` : ""}.`
  );
}

/** @param {Measured} result */
export function formatMarkdown(result) {
  return [comparisonCells(result), cellsOf(result)].map(markdownTable).join("\n\n");
}

/** @param {Table} table */
export function markdownTable(table) {
  const widths = widthsOf(table);
  const rule = widths.map((width, i) => (i ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  const lines = [padded(table.head, widths), rule, ...table.rows.map((row) => padded(row, widths))];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** @param {Result} result */
export function formatText(result) {
  const missing = result.missing.map(({ engine, why }) => `${engine}: ${why}`);
  const small = result.small ? [...smallLines(result.small), ""] : [];
  return [
    ...["", captionOf(result), ""],
    ...aligned(comparisonCells(result)),
    "",
    ...aligned(cellsOf(result)),
    ...missing,
    "",
    ...small,
    ...aimLines(result.aims),
    "",
  ].join("\n");
}

/** @param {import("./aims.mjs").Aim[]} aims */
export function aimLines(aims) {
  const rows = aims.map(({ aim, wanted, value, met }) => [
    aim,
    value.toPrecision(3),
    wanted,
    met ? "yes" : "no",
  ]);
  return aligned({ head: ["aim", "measured", "wanted", "met"], rows });
}

/** @param {NonNullable<Result["small"]>} small */
function smallLines(small) {
  return Object.entries(small).map(([name, figures]) => {
    const parts = Object.entries(figures.microsecondsPerToken).map(
      ([part, us]) => `${part} ${us.toFixed(0)}`,
    );
    return `${name}: ${rate(figures.tokensPerSecond)} tokens/s; microseconds a token: ${parts.join(", ")}`;
  });
}

/** @param {import("./profile.mjs").Profile} profile */
export function formatProfile(profile) {
  const head = ["kernel", "us/token", "share", "MB/token", "of memory's limit", "G multiply-adds/s"];
  /** @param {import("./profile.mjs").KernelRow} row */
  const cells = ({ kernel, microseconds, share, bytes, shareOfMemoryLimit, multiplyAddsPerSecond }) => [
    kernel,
    microseconds.toFixed(1),
    `${(share * 100).toFixed(1)} %`,
    bytes === null ? "-" : (bytes / 1e6).toFixed(3),
    shareOfMemoryLimit === null ? "-" : `${(shareOfMemoryLimit * 100).toFixed(1)} %`,
    multiplyAddsPerSecond ? (multiplyAddsPerSecond / 1e9).toFixed(1) : "-",
  ];
  /** @param {import("./profile.mjs").KernelRow[]} rows */
  const tableOf = (rows) => aligned({ head, rows: rows.map(cells) });
  const beside = Object.entries(profile.besideProgram).map(([name, us]) => `${name} ${us.toFixed(1)}`);
  return [
    "",
    `Writing, ${profile.threads} thread(s); memory is read at ${(profile.readBytesPerSecond / 1e9).toFixed(1)} GB/s`,
    ...tableOf(profile.decode),
    `beside the program, us/token: ${beside.join(", ")}`,
    "",
    "Reading a prompt",
    ...tableOf(profile.prefill),
    "",
  ].join("\n");
}
