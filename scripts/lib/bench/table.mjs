/** The figures as tables for people. In: what a run resulted in. Out: lines of text, or Markdown. */
import { comparisonsOf, WANTED } from "./aims.mjs";

const rate = (value) => value.toFixed(1);
const seconds = (value) => (value / 1000).toFixed(2);
const megabytes = (value) => (value / 1e6).toFixed(0);

/** @type {[string, (row: object) => string | undefined][]} */
const COLUMNS = [
  ["decode, tokens/s", (row) => row.decodeTokensPerSecond && rate(row.decodeTokensPerSecond)],
  ["prefill, tokens/s", (row) => row.prefillTokensPerSecond && rate(row.prefillTokensPerSecond)],
  [
    "decode, tokens/s of processor time",
    (row) => row.decodeTokensPerProcessorSecond && rate(row.decodeTokensPerProcessorSecond),
  ],
  [
    "prefill, tokens/s of processor time",
    (row) => row.prefillTokensPerProcessorSecond && rate(row.prefillTokensPerProcessorSecond),
  ],
  ["click to first token, s", (row) => row.clickToFirstTokenMs && seconds(row.clickToFirstTokenMs)],
  ["page to first token, s", (row) => row.pageToFirstTokenMs && seconds(row.pageToFirstTokenMs)],
  ["peak memory, MB", (row) => row.peakProcessBytes && megabytes(row.peakProcessBytes)],
];

/** All models' rows in one table. A column that nobody has figures for is left out. */
function cellsOf({ models }) {
  const all = models.flatMap(({ title, rows }) => rows.map((row) => ({ model: title, row })));
  const columns = COLUMNS.filter(([, show]) => all.some(({ row }) => show(row)));
  const head = ["model", "engine", "threads", ...columns.map(([label]) => label)];
  const rows = all.map(({ model, row }) => [
    ...[model, row.title, String(row.threads)],
    ...columns.map(([, show]) => show(row) ?? "-"),
  ]);
  return { head, rows };
}

/** How each model compares, decoding and reading: the figures that the whole run is for. */
function comparisonCells(result) {
  const times = (value, wanted) =>
    value === null ? "-" : `${value.toFixed(2)}${value >= wanted ? "" : ` (${wanted} wanted)`}`;
  const head = ["model", "threads", "", "strongest other engine in a browser", "to it", "to native"];
  const rows = comparisonsOf(result).map(({ model, threads, figure, strongest, toBrowser, toNative }) => [
    ...[model, String(threads), figure, strongest ?? "-"],
    ...[times(toBrowser, WANTED.browser), times(toNative, WANTED.native)],
  ]);
  return { head, rows };
}

const widthsOf = (table) => table[0].map((_, i) => Math.max(...table.map((row) => row[i].length)));

/** The first column to the left, the others to the right. */
const padded = (row, widths) => row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i])));

/** Columns as wide as their longest cell. */
export function aligned(table) {
  const widths = widthsOf(table);
  const [head, ...rows] = table.map((row) => padded(row, widths).join("  "));
  return [head, widths.map((width) => "-".repeat(width)).join("  "), ...rows];
}

/** What was measured, on what, and when. */
export function captionOf({ machine, models, rounds, date, chromium }) {
  const rows = models.flatMap((model) => model.rows);
  const { promptTokens, tokens } = rows[0].rounds[0];
  const native = rows.find(({ version }) => version !== null);
  const found = native?.instructions ? `, which found ${native.instructions.join(", ")}` : "";
  return (
    `${date}, ${machine.cores} cores of ${machine.processor}, Chromium ${chromium}: ` +
    `${promptTokens} tokens of prompt, ${tokens} written, ` +
    `${rounds === 1 ? "one round" : `median of ${rounds} rounds`}${native ? `; ${native.title} is ${native.version}${found}` : ""}.`
  );
}

export function formatMarkdown(result) {
  const tables = [comparisonCells(result), cellsOf(result)];
  return tables.map(({ head, rows }) => markdownTable(head, rows)).join("\n\n");
}

export function markdownTable(head, rows) {
  const widths = widthsOf([head, ...rows]);
  const rule = widths.map((width, i) => (i ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  const lines = [padded(head, widths), rule, ...rows.map((row) => padded(row, widths))];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function formatText(result) {
  const [comparisons, figures] = [comparisonCells(result), cellsOf(result)];
  const missing = result.missing.map(({ engine, why }) => `${engine}: ${why}`);
  const small = result.small ? [...smallLines(result.small), ""] : [];
  return [
    ...["", captionOf(result), ""],
    ...aligned([comparisons.head, ...comparisons.rows]),
    "",
    ...aligned([figures.head, ...figures.rows]),
    ...missing,
    "",
    ...small,
    ...aimLines(result.aims),
    "",
  ].join("\n");
}

export function aimLines(aims) {
  const rows = aims.map(({ aim, wanted, value, met }) => [
    aim,
    value.toPrecision(3),
    wanted,
    met ? "yes" : "no",
  ]);
  return aligned([["aim", "measured", "wanted", "met"], ...rows]);
}

function smallLines(small) {
  return Object.entries(small).map(([name, figures]) => {
    const parts = Object.entries(figures.microsecondsPerToken).map(
      ([part, us]) => `${part} ${us.toFixed(0)}`,
    );
    return `${name}: ${rate(figures.tokensPerSecond)} tokens/s; microseconds a token: ${parts.join(", ")}`;
  });
}

export function formatProfile(profile) {
  const head = ["kernel", "us/token", "share", "MB/token", "of memory's limit", "G multiply-adds/s"];
  const tableOf = (rows) =>
    aligned([
      head,
      ...rows.map(({ kernel, microseconds, share, bytes, shareOfMemoryLimit, multiplyAddsPerSecond }) => [
        kernel,
        microseconds.toFixed(1),
        `${(share * 100).toFixed(1)} %`,
        bytes === null ? "-" : (bytes / 1e6).toFixed(3),
        shareOfMemoryLimit === null ? "-" : `${(shareOfMemoryLimit * 100).toFixed(1)} %`,
        multiplyAddsPerSecond ? (multiplyAddsPerSecond / 1e9).toFixed(1) : "-",
      ]),
    ]);
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
