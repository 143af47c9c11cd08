// SPDX-License-Identifier: Apache-2.0
/** What the benchmark makes of its figures: aims, costs of instructions, the plot. The figures here are made up. */
import { describe, expect, it } from "vitest";
import { aimsOf } from "../../../scripts/lib/bench/aims.mjs";
import { costOf } from "../../../scripts/lib/bench/costs.mjs";
import { median, type Row } from "../../../scripts/lib/bench/measure.mjs";
import { wholeNumber } from "../../../scripts/lib/bench/options.mjs";
import { plotOf } from "../../../scripts/lib/bench/plot.mjs";
import type { Measured, MemoryUse } from "../../../scripts/lib/bench/run.mjs";
import type { Small } from "../../../scripts/lib/bench/small.mjs";
import { formatReading, readingAims, readingMarkdown } from "../../../scripts/lib/bench/reading-report.mjs";
import { formatMarkdown } from "../../../scripts/lib/bench/table.mjs";

const row = (engine: string, threads: number, decode: number, prefill: number): Row => {
  const rates = { decodeTokensPerSecond: decode, prefillTokensPerSecond: prefill };
  const processor = { decodeTokensPerProcessorSecond: decode, prefillTokensPerProcessorSecond: prefill };
  return {
    ...{ engine, title: `The <${engine}>`, version: null, instructions: null, threads },
    ...rates,
    ...{ visits: [], rounds: [{ promptTokens: 255, tokens: 128, text: "", ...rates, ...processor }] },
  };
};

const small = (tokensPerSecond: number, shareOfReading: number): Small => ({
  ...{ bytes: 1e6, readBytesPerSecond: 1e10, tokensPerSecond, shareOfReading },
  microsecondsPerToken: { kernels: 1, python: 1, messages: 1 },
});

const MEMORY: MemoryUse = {
  ...{ modelBytes: 100e6, cacheBytes: 20e6, arenaBytes: 130e6, pythonBytes: 40e6 },
  ...{ peakBytes: 371e6, browserCountedBytes: 270e6, blankPageBytes: 100e6 },
};

const RESULT: Measured = {
  ...{ date: "2026-01-01", rounds: 3, tokens: 128, threads: [1, 2], chromium: "1" },
  machine: { processor: "a processor", cores: 2, platform: "linux" },
  models: [
    {
      title: "A model",
      rows: [
        row("taleproof", 1, 80, 300),
        row("taleproof", 2, 100, 200),
        row("wllama", 1, 10, 30),
        row("wllama", 2, 40, 60),
        row("wllama-simd", 1, 20, 20),
        row("wllama-simd", 2, 30, 40),
        row("llama.cpp", 1, 160, 150),
      ],
    },
  ],
  missing: [],
  context: [{ threads: 1, shortTokensPerSecond: 100, longTokensPerSecond: 80 }],
  memory: MEMORY,
  digestBytesPerSecond: 1e9,
  small: { stories260K: small(1499, 0.1), float15M: small(100, 0.6) },
};

describe("aims", () => {
  const aims = new Map(aimsOf(RESULT).map(({ aim, value, met }) => [aim, { value, met }]));

  it.each([
    ["A model, decode, 1 thread, to the strongest in a browser", 4, true],
    ["A model, decode, 2 threads, to the strongest in a browser", 2.5, false],
    ["A model, prefill, 1 thread, to the strongest in a browser", 10, true],
    ["A model, decode, 1 thread, to native llama.cpp's", 0.5, false],
    ["A model, prefill, 1 thread, to native llama.cpp's", 2, true],
    ["decode at 1,000 tokens, 1 thread, to decode at 10", 0.8, true],
    ["stories260K, 1 thread, tokens/s", 1499, false],
    ["float weights of 61 MB, 1 thread, to reading them once", 0.6, true],
    ["memory beside model and cache, as the browser counts, MB", 150, true],
    ["the same, less an empty page's process, MB", 151, false],
  ])("%s", (aim, value, met) => {
    expect(aims.get(aim)?.value).toBeCloseTo(value, 9);
    expect(aims.get(aim)?.met).toBe(met);
  });

  it("leaves out what was not measured", () => {
    expect(
      [...aims.keys()].filter((aim) => aim.includes("2 threads, to native") || aim.includes("first token")),
    ).toEqual([]);
  });

  it("leaves out memory that the system does not tell", () => {
    const untold = { ...MEMORY, peakBytes: null, browserCountedBytes: null, blankPageBytes: null };
    const told = aimsOf({ ...RESULT, memory: untold });
    expect(told.filter(({ aim }) => aim.endsWith("MB"))).toEqual([]);
  });
});

describe("costs", () => {
  const set = {
    ops: { 4: "matmul", 9: "attention", 77: "unheard_of" },
    types: { 3: { name: "Q4_1", elements: 32, bytes: 20 } },
  };
  const entry = { prefill: false, runs: 2, tokens: 64, positions: 0, ms: 1 };

  it("a matmul reads its weights once a run, and multiplies them with each row", () => {
    const waits = 1 << 16;
    const words = [4 | waits, 0, 0, 0, 0, 0, 3, 96, 64];
    expect(costOf(set, { ...entry, words })).toEqual({
      name: "matmul Q4_1 96 x 64",
      bytes: (2 * 96 * 64 * 20) / 32,
      products: 64 * 96 * 64,
    });
  });

  it("attention reads the keys and values before each token", () => {
    const words = [9, 0, 0, 0, 0, 0, 0, 0, 0, 9, 3, 64, 1024];
    const decode = { ...entry, words, runs: 2, tokens: 2, positions: 10 + 11 };
    expect(costOf(set, decode)).toEqual({
      name: "attention",
      bytes: (11 + 12) * 2 * 3 * (2 * 64 + 4),
      products: (11 + 12) * 2 * 9 * 64,
    });
  });

  it("of an operation that it does not know it tells the name, and nothing wrong", () => {
    expect(costOf(set, { ...entry, words: [77, 0] })).toEqual({
      name: "unheard of",
      bytes: null,
      products: 0,
    });
  });
});

describe("plot and table", () => {
  const svg = plotOf(RESULT);

  it("has a bar for each row, as long as its rate", () => {
    const widths = [...svg.matchAll(/<rect[^>]* width="([\d.]+)"/g)].map((match) => Number(match[1]));
    expect(widths).toHaveLength(7);
    const sorted = [...widths].sort((a, b) => a - b);
    expect(sorted[0]! / sorted[6]!).toBeCloseTo(10 / 160, 2);
  });

  it("has no markup of a title's", () => {
    expect(svg).toContain("The &lt;taleproof>");
  });

  it("has a line for each row, and for each comparison", () => {
    const [comparisons = [], figures = []] = formatMarkdown(RESULT)
      .split("\n\n")
      .map((table) => table.split("\n"));
    expect(comparisons).toHaveLength(2 + 4);
    expect(figures).toHaveLength(2 + 7);
    for (const table of [comparisons, figures])
      expect(new Set(table.map((line) => line.length)).size).toBe(1);
  });

  it("compares with the strongest engine in a browser, and says what falls short", () => {
    const lines = formatMarkdown(RESULT).split("\n");
    const cells = (line = "") => line.split("|").map((cell) => cell.trim());
    expect(cells(lines[2])).toEqual([
      "",
      "A model",
      "1",
      "decode",
      "The <wllama-simd>",
      "4.00",
      "0.50 (1 wanted)",
      "",
    ]);
    expect(cells(lines[4])).toEqual([
      "",
      "A model",
      "2",
      "decode",
      "The <wllama>",
      "2.50 (4 wanted)",
      "-",
      "",
    ]);
  });

  it("has no column for what nobody measured", () => {
    expect(formatMarkdown(RESULT)).not.toContain("peak memory");
    const models = RESULT.models.map(({ title, rows }) => ({
      title,
      rows: rows.map((each, i) => (i === 0 ? { ...each, peakProcessBytes: 2e6 } : each)),
    }));
    expect(formatMarkdown({ ...RESULT, models })).toContain("peak memory");
  });
});

describe("reading", () => {
  const times = (median: number) => ({ first: 2 * median, median, best: median });
  const reader = (kind: string, tokens: number, parse: number, encode: number) => ({
    ...{
      kind,
      model: `a model of ${tokens}`,
      tokens,
      textTokens: 1,
      parse: times(parse),
      encode: times(encode),
    },
    ready: times(parse),
  });
  const read = [reader("small", 100, 9, 0.5), reader("large", 262_144, 0.7, 0.51)];
  const loaded = [
    { model: "one", whole: 100, hash: 50, storage: 5, kernels: 5, python: 40, prepare: 1 },
    { model: "other", whole: 100, hash: 40, storage: 5, kernels: 5, python: 50, prepare: 1 },
  ];
  const aims = readingAims(read, loaded);

  it("wants the largest header, every tokenizer and every loading to be quick", () => {
    expect(aims.map(({ aim, met }) => [aim, met])).toEqual([
      ["header of 262,144 tokens, s", true],
      ["100 KB of English, small, s", true],
      ["100 KB of English, large, s", false],
      ["loading one, Python to the hash", true],
      ["loading other, Python to the hash", false],
    ]);
  });

  it("has a line in its tables for each tokenizer and each model", () => {
    const result = { date: "2026-01-01", rounds: 3, machine: RESULT.machine, read, loaded, aims };
    const lines = readingMarkdown(result).split("\n");
    expect(lines.filter((line) => line.startsWith("|"))).toHaveLength(2 * (2 + 2));
    expect(formatReading(result)).toContain("262,144");
  });
});

it("takes the middle", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

it("takes whole numbers only, none below the least", () => {
  expect(wholeNumber("rounds", "3")).toBe(3);
  expect(wholeNumber("models", "0", 0)).toBe(0);
  for (const text of ["0", "-1", "1.5", "many", "NaN", "Infinity"])
    expect(() => wholeNumber("rounds", text)).toThrow(`not "${text}"`);
  expect(() => wholeNumber("models", "", 0)).toThrow("from 0 on");
});
