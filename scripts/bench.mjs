// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run bench`: this engine beside other engines in one run, each in a Chromium of its own, llama.cpp also natively.
 *
 * In: --rounds N (3), --tokens N (128), --threads N,M (1,2, or 1 on a single core), --engines A,B (all), --models A,B
 * (q4_1,q4_0,q8_0,gemma), --json; --profile for the kernels' own times instead, with --model NAME those of one of the
 * benchmark's models (stories260K, float15M, "Gemma 3 270M" ...); --plot FILE for a picture; --markdown to put the tables into
 * README.md. --reading measures what opening a model takes; with --markdown its table goes into docs/speed.md.
 * Out: tables, or with --json one object with every figure.
 */
import "./lib/node-version.mjs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

const { runScript, Problem } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");
const { candleModule } = await import("./lib/bench/candle.mjs");
const { measureProfile } = await import("./lib/bench/profile.mjs");
const { writePlot } = await import("./lib/bench/plot.mjs");
const { writeBetween } = await import("./lib/bench/readme.mjs");
const { runBench } = await import("./lib/bench/run.mjs");
const { serveBench } = await import("./lib/bench/site.mjs");
const { wholeNumber } = await import("./lib/bench/options.mjs");
const { MODELS, modelOf } = await import("./lib/bench/jobs.mjs");
const { measureReading } = await import("./lib/bench/reading.mjs");
const { formatReading, readingMarkdown } = await import("./lib/bench/reading-report.mjs");
const { captionOf, formatMarkdown, formatProfile, formatText } = await import("./lib/bench/table.mjs");

const ENGINES = ["taleproof", "wllama", "wllama-simd", "candle", "llama.cpp"];

/** @typedef {import("./lib/bench/run.mjs").Result} Result */

/**
 * The names of a list, all of which have to be known.
 * @param {string} option
 * @param {string} text
 * @param {string[]} known
 */
function namesOf(option, text, known) {
  const wanted = text.split(",");
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined) return wanted;
  throw new Problem("bad-option", `--${option} knows ${known.join(", ")}, not "${unknown}".`);
}

/** @param {Result} result */
const withCaption = (result) => `${formatMarkdown(result)}\n\n${captionOf(result)}`;

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "3" },
      tokens: { type: "string", default: "128" },
      threads: { type: "string", default: availableParallelism() > 1 ? "1,2" : "1" },
      engines: { type: "string", default: ENGINES.join(",") },
      json: { type: "boolean", default: false },
      profile: { type: "boolean", default: false },
      reading: { type: "boolean", default: false },
      models: { type: "string", default: Object.keys(MODELS).join(",") },
      model: { type: "string" },
      plot: { type: "string" },
      markdown: { type: "boolean", default: false },
    },
  });
  const options = {
    rounds: wholeNumber("rounds", values.rounds),
    tokens: wholeNumber("tokens", values.tokens),
    threads: values.threads.split(",").map((text) => wholeNumber("threads", text)),
    engines: [...new Set(["taleproof", ...namesOf("engines", values.engines, ENGINES)])],
    models: namesOf("models", values.models, Object.keys(MODELS)),
    /** @param {string} line */
    say: (line) => console.error(line),
  };
  // With --json, standard output belongs to the figures.
  if (values.json) console.log = console.error;
  await setUp();
  const candle =
    options.engines.includes("candle") && !values.profile && !values.reading
      ? await candleModule(options.say)
      : null;
  const real =
    values.reading || values.model !== undefined || options.models.some((key) => modelOf(key).listed);
  const { url, models, close } = await serveBench(candle, real);
  /** @template T @param {T} result @param {(result: T) => string} format */
  const show = (result, format) =>
    process.stdout.write(values.json ? `${JSON.stringify(result, null, 2)}\n` : format(result));
  try {
    if (values.profile) {
      const [threads = 1] = options.threads;
      show(await measureProfile(url, { ...options, threads, model: values.model }), formatProfile);
      return;
    }
    if (values.reading) {
      const result = await measureReading(url, options);
      show(result, formatReading);
      if (values.markdown) writeBetween("docs/speed.md", "reading", readingMarkdown(result));
      return;
    }
    const result = await runBench({ url, models }, { ...options, candle: candle !== null });
    show(result, formatText);
    if (values.plot) writePlot(values.plot, result);
    if (values.markdown) writeBetween("README.md", "bench", withCaption(result));
  } finally {
    await close();
  }
});
