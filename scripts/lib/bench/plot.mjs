// SPDX-License-Identifier: Apache-2.0
/**
 * A picture of the decode rates: for each model a bar for each engine and number of threads, the slowest engine on top.
 *
 * In: a path, and what a run resulted in. Out: an SVG of its own colours, for light pages and dark ones.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { captionOf } from "./table.mjs";

/**
 * @typedef {import("./run.mjs").Measured} Measured
 * @typedef {{threads: number, rate: number}} Bar
 * @typedef {{model: string | null, title: string, engine: string, bars: Bar[]}} Group an engine's bars; the first group of
 *   a model has the model's name
 */

const WIDTH = 760;
const MARGIN = 28;
const BARS_FROM = 250;
const BARS_TO = WIDTH - MARGIN - 60;
const BAR = 18;
const BAR_STEP = 23;
const GROUP_GAP = 16;
const TOP = 84;
const CAPTION_LINE = 16;
const CAPTION_LETTERS = 112;

const STYLE = `
  text { font: 13px Georgia, "Newsreader", serif; fill: #2b2622; }
  .title { font-size: 19px; }
  .quiet { fill: #7a7168; font-size: 12px; }
  .number { font-variant-numeric: tabular-nums; }
  .grid { stroke: #00000014; }
  .bar { fill: #b9afa2; }
  .ours { fill: #b5502f; }
  @media (prefers-color-scheme: dark) {
    text { fill: #ece5da; }
    .quiet { fill: #a49a8d; }
    .grid { stroke: #ffffff1c; }
    .bar { fill: #6b635a; }
    .ours { fill: #e07a52; }
  }`;

/** @param {string} path @param {Measured} result */
export function writePlot(path, result) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, plotOf(result));
}

/** @param {Measured} result */
export function plotOf(result) {
  const groups = result.models.flatMap(groupsOf);
  const scale = scaleFor(Math.max(...groups.map(fastest)));
  /** @param {number} rate */
  const xOf = (rate) => BARS_FROM + (rate / scale.end) * (BARS_TO - BARS_FROM);
  const parts = [];
  let y = TOP;
  for (const { model, title, engine, bars } of groups) {
    if (model !== null) {
      parts.push(text(MARGIN, y + 14, model));
      y += BAR_STEP + 4;
    }
    const middle = y + (bars.length * BAR_STEP - (BAR_STEP - BAR)) / 2;
    parts.push(text(MARGIN, middle + 4, title, engine === "taleproof" ? "" : "quiet"));
    for (const { threads, rate } of bars) {
      const end = xOf(rate);
      const colour = engine === "taleproof" ? "bar ours" : "bar";
      parts.push(
        text(BARS_FROM - 10, y + 13, threads === 1 ? "1 thread" : `${threads} threads`, "quiet", "end"),
        `<rect class="${colour}" x="${BARS_FROM}" y="${y}" width="${round(end - BARS_FROM)}" height="${BAR}" rx="2"/>`,
        text(end + 7, y + 13, rate.toFixed(1), "number"),
      );
      y += BAR_STEP;
    }
    y += GROUP_GAP;
  }
  const bottom = y - GROUP_GAP;
  const grid = scale.ticks.map((tick) => gridLine(xOf(tick), tick, bottom));
  const caption = wrapped(captionOf(result));
  const captionFrom = bottom + 44;
  const height = captionFrom + caption.length * CAPTION_LINE + MARGIN - 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${round(height)}" width="${WIDTH}" height="${round(height)}" role="img">`,
    `<title>Decode rate by engine and threads</title>`,
    `<style>${STYLE}\n</style>`,
    text(MARGIN, 36, "How fast a story is written", "title"),
    text(MARGIN, 56, "tokens a second, the same file and prompt in every engine", "quiet"),
    ...grid,
    ...parts,
    ...caption.map((line, i) => text(MARGIN, captionFrom + i * CAPTION_LINE, line, "quiet")),
    "</svg>",
    "",
  ].join("\n");
}

/**
 * A model's rows that have a rate, by engine, the slowest on top; the first group also has the model's name.
 * @param {Measured["models"][number]} model
 * @returns {Group[]}
 */
function groupsOf({ title: model, rows }) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  for (const { title, engine, threads, decodeTokensPerSecond: rate } of rows) {
    if (rate === undefined) continue;
    const group = groups.get(title) ?? { model: null, title, engine, bars: [] };
    group.bars.push({ threads, rate });
    groups.set(title, group);
  }
  const sorted = [...groups.values()].sort((a, b) => fastest(a) - fastest(b));
  return sorted.map((group, i) => (i === 0 ? { ...group, model } : group));
}

/** @param {Group} group */
const fastest = ({ bars }) => Math.max(...bars.map(({ rate }) => rate));

/** Round steps, about five of them. @param {number} largest */
function scaleFor(largest) {
  const size = 10 ** Math.floor(Math.log10(largest / 5));
  const step = [1, 2, 5, 10].map((n) => n * size).find((n) => largest / n <= 6) ?? 10 * size;
  const count = Math.ceil(largest / step);
  return { end: largest, ticks: Array.from({ length: count }, (_, i) => i * step) };
}

/** @param {number} x @param {number} tick @param {number} bottom */
function gridLine(x, tick, bottom) {
  const line = `<line class="grid" x1="${round(x)}" x2="${round(x)}" y1="${TOP - 8}" y2="${bottom}"/>`;
  return line + text(x, bottom + 16, String(tick), "quiet number", "middle");
}

/** @param {number} x @param {number} y @param {string} content */
function text(x, y, content, className = "", anchor = "start") {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const attributes = className === "" ? "" : ` class="${className}"`;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${attributes}>${escaped}</text>`;
}

/** A text in lines that fit. @param {string} content */
function wrapped(content) {
  const lines = [""];
  for (const word of content.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length >= CAPTION_LETTERS) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

/** @param {number} value */
const round = (value) => Math.round(value * 10) / 10;
