/** The figures as tables for people. In: what a run resulted in. Out: lines of text, or Markdown. */

const rate = (value) => value.toFixed(1);
const seconds = (value) => (value / 1000).toFixed(2);
const megabytes = (value) => (value / 1e6).toFixed(0);

/** @type {[string, (row: object) => string | undefined][]} */
const COLUMNS = [
  ["decode, tokens/s", (row) => row.decodeTokensPerSecond && rate(row.decodeTokensPerSecond)],
  ["prefill, tokens/s", (row) => row.prefillTokensPerSecond && rate(row.prefillTokensPerSecond)],
  ["click to first token, s", (row) => row.clickToFirstTokenMs && seconds(row.clickToFirstTokenMs)],
  ["page to first token, s", (row) => row.pageToFirstTokenMs && seconds(row.pageToFirstTokenMs)],
  ["peak memory, MB", (row) => row.peakProcessBytes && megabytes(row.peakProcessBytes)],
];

/** A column that nobody has figures for is left out. */
function cellsOf(result) {
  const columns = COLUMNS.filter(([, show]) => result.rows.some(show));
  const head = ["engine", "threads", ...columns.map(([label]) => label)];
  const rows = result.rows.map((row) => [
    row.title,
    String(row.threads),
    ...columns.map(([, show]) => show(row) ?? "-"),
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
export function captionOf(result) {
  const { machine } = result;
  const { promptTokens, tokens } = result.rows[0].rounds[0];
  const native = result.rows.find(({ version }) => version !== null);
  return (
    `${result.date}, ${machine.cores} cores of ${machine.processor}, Chromium ${result.chromium}, ${result.model}: ` +
    `${promptTokens} tokens of prompt, ${tokens} written, ` +
    `${result.rounds === 1 ? "one round" : `median of ${result.rounds} rounds`}${native ? `; ${native.title} is ${native.version}` : ""}.`
  );
}

export function formatMarkdown(result) {
  const { head, rows } = cellsOf(result);
  return markdownTable(head, rows);
}

export function markdownTable(head, rows) {
  const widths = widthsOf([head, ...rows]);
  const rule = widths.map((width, i) => (i ? `${"-".repeat(width - 1)}:` : "-".repeat(width)));
  const lines = [padded(head, widths), rule, ...rows.map((row) => padded(row, widths))];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function formatText(result) {
  const { head, rows } = cellsOf(result);
  const missing = result.missing.map(({ engine, why }) => `${engine}: ${why}`);
  const small = result.small ? [...smallLines(result.small), ""] : [];
  return [
    ...["", captionOf(result), ""],
    ...aligned([head, ...rows]),
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
