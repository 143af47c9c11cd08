/**
 * What opening a model takes before a word is written: header, tokenizer, and all of its loading beside the hash.
 *
 * In: the address of the pages, how many rounds. Out: for each tokenizer how fast a header and 100 KB of English are read,
 * for each model what its loading is made of, and the aims.
 */
import { BenchBrowser } from "./browser.mjs";
import { BrowserLane } from "./browser-lane.mjs";
import { median } from "./measure.mjs";
import { machineHere } from "./run.mjs";
import { aimLines, aligned, markdownTable } from "./table.mjs";

/** Each kind of tokenizer by a model that has it. */
const TOKENIZERS = [
  ["byte-level BPE", "SmolLM2-135M"],
  ["SentencePiece", "Gemma 3 270M"],
  ["WordPiece", "all-MiniLM-L6-v2"],
  ["llama2.c", "stories260K"],
];
const LOADED = ["SmolLM2-135M", "Gemma 3 270M"];
/** The model of 262,144 tokens. */
const LARGEST = "Gemma 3 270M";

/** @param {{rounds: number, say: (line: string) => void}} options */
export async function measureReading(base, { rounds, say }) {
  const read = [];
  for (const [kind, model] of TOKENIZERS) {
    say(`${model}: header and tokenizer`);
    read.push({ kind, model, ...(await readingOf(base, model, rounds)) });
  }
  const loaded = [];
  for (const model of LOADED) {
    say(`${model}: loading`);
    loaded.push({ model, ...(await loadingOf(base, model, rounds)) });
  }
  const date = new Date().toISOString().slice(0, 10);
  return { date, rounds, machine: machineHere(), read, loaded, aims: aimsOf(read, loaded) };
}

/** The first of the rounds is a Python's that has just started. */
async function readingOf(base, model, rounds) {
  const browser = await BenchBrowser.create();
  try {
    const page = await browser.visit(`${base}reading.html`);
    const figures = await page.evaluate(([name, count]) => window.reading(name, count), [model, rounds]);
    const { tokens, text_tokens: textTokens, parse, ready, encode } = figures;
    const seconds = (values) => ({ first: values[0], median: median(values), best: Math.min(...values) });
    return { tokens, textTokens, parse: seconds(parse), ready: seconds(ready), encode: seconds(encode) };
  } finally {
    await browser.dispose();
  }
}

/** Loads a model that this browser has, again and again; the round with the shortest whole time is told. */
async function loadingOf(base, model, rounds) {
  const lane = await BrowserLane.create(base, "taleproof", model, 1);
  lane.address += `&timed=calls&model=${encodeURIComponent(model)}`;
  try {
    const all = [];
    for (let round = 0; round <= rounds; round++) {
      const page = await lane.browser.visit(lane.address);
      await page.evaluate(() => window.bench.opened);
      const loading = await page.evaluate(() => window.loading);
      if (loading.stored && round > 0) all.push(partsOf(loading));
    }
    return all.sort((a, b) => a.whole - b.whole)[0];
  } finally {
    await lane.dispose();
  }
}

/** Milliseconds of one loading, by what they went to; what is left is Python's, and the page's own. */
function partsOf({ ms, prepareMs, times: { kernels, storage } }) {
  const hash = kernels.sha256_update ?? 0;
  const others = Object.values(kernels).reduce((sum, each) => sum + each, 0) - hash;
  return {
    whole: ms,
    hash,
    storage,
    kernels: others,
    python: ms - hash - storage - others,
    prepare: prepareMs,
  };
}

function aimsOf(read, loaded) {
  const aims = [];
  const most = (aim, value, bound) =>
    aims.push({ aim, wanted: `at most ${bound}`, value, met: value <= bound });
  const largest = read.find(({ model }) => model === LARGEST);
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
