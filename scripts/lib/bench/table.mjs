/** The figures as a table for people. In: what measureAll returns. Out: text. */

const rate = (value) => value.toFixed(1);
const seconds = (value) => (value / 1000).toFixed(2);
const megabytes = (value) => (value / 1e6).toFixed(0);

/** @type {[string, string, (value: number) => string][]} */
const ROWS = [
  ["decode, tokens/s", "decodeTokensPerSecond", rate],
  ["prefill, tokens/s", "prefillTokensPerSecond", rate],
  ["click to first token, model open, s", "clickToFirstTokenMs", seconds],
  ["click to first token, model in the browser's cache, s", "clickToFirstTokenColdMs", seconds],
  ["page opened to engine started, s", "pageToEngineMs", seconds],
  ["page opened to ready to write, model in cache, s", "pageToReadyMs", seconds],
  ["peak memory of the page's process, MB", "peakProcessBytes", megabytes],
  ["digest, MB/s", "digestBytesPerSecond", megabytes],
];

export function formatTable(result) {
  const names = Object.keys(result.engines);
  const cells = ROWS.map(([label, key, format]) => [
    label,
    ...names.map((name) => {
      const value = result.engines[name][key];
      return typeof value === "number" ? format(value) : "-";
    }),
  ]);
  const head = ["", ...names.map((name) => (name === "wllama" ? `wllama ${result.wllama}` : name))];
  const widths = head.map((_, i) => Math.max(...[head, ...cells].map((row) => row[i].length)));
  const line = (row) =>
    row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join("  ");
  const first = result.engines[names[0]].rounds[0];
  return [
    "",
    `${result.model}, ${result.threads === 1 ? "1 thread" : `${result.threads} threads`}, ${first.promptTokens} tokens of prompt, ${first.tokens} written, ` +
      `median of ${result.rounds} rounds`,
    `Chromium ${result.chromium}, ${result.machine.processor}, ${result.machine.cores} cores`,
    "",
    line(head),
    widths.map((width) => "-".repeat(width)).join("  "),
    ...cells.map(line),
    "",
  ].join("\n");
}
