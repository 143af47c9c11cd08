/**
 * `npm run bench`: this engine beside other engines in one run, each in a Chromium of its own, llama.cpp also natively.
 *
 * In: --rounds N (3), --tokens N (128), --threads N,M (1,2, or 1 on a single core), --engines A,B (all), --json; --profile
 * for the kernels' own times instead, with --model stories260K, --model float15M or --gemma those of another model; --plot
 * FILE for a picture; --markdown to put the table into README.md. --reading measures what opening a model takes, --gemma a model of
 * 262,144 tokens beside wllama; with --markdown their tables go into docs/speed.md.
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
const { GEMMA, measureGemma } = await import("./lib/bench/gemma.mjs");
const { measureReading } = await import("./lib/bench/reading.mjs");
const { formatReading, readingMarkdown } = await import("./lib/bench/reading-report.mjs");
const { captionOf, formatMarkdown, formatProfile, formatText } = await import("./lib/bench/table.mjs");

const ENGINES = ["taleproof", "wllama", "candle", "llama.cpp"];

function positive(name, text) {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Problem("bad-option", `--${name} takes whole numbers above 0, not "${text}".`);
}

function engines(text) {
  const wanted = ["taleproof", ...text.split(",").filter((name) => name !== "taleproof")];
  const unknown = wanted.find((name) => !ENGINES.includes(name));
  if (unknown === undefined) return wanted;
  throw new Problem("bad-option", `--engines knows ${ENGINES.join(", ")}, not "${unknown}".`);
}

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
      gemma: { type: "boolean", default: false },
      model: { type: "string" },
      plot: { type: "string" },
      markdown: { type: "boolean", default: false },
    },
  });
  const options = {
    rounds: positive("rounds", values.rounds),
    tokens: positive("tokens", values.tokens),
    threads: values.threads.split(",").map((text) => positive("threads", text)),
    engines: engines(values.engines),
    say: (line) => console.error(line),
  };
  // With --json, standard output belongs to the figures.
  if (values.json) console.log = console.error;
  await setUp();
  const candle =
    options.engines.includes("candle") && !values.profile && !values.reading && !values.gemma
      ? await candleModule(options.say)
      : null;
  const { url, close } = await serveBench(candle, values.reading || values.gemma);
  const show = (result, format) =>
    process.stdout.write(values.json ? `${JSON.stringify(result, null, 2)}\n` : format(result));
  try {
    if (values.profile) {
      const [threads] = options.threads;
      const model = values.gemma ? GEMMA : values.model;
      show(await measureProfile(url, { ...options, threads, model }), formatProfile);
      return;
    }
    if (values.reading) {
      const result = await measureReading(url, options);
      show(result, formatReading);
      if (values.markdown) writeBetween("docs/speed.md", "reading", readingMarkdown(result));
      return;
    }
    if (values.gemma) {
      const result = await measureGemma(url, options);
      show(result, formatText);
      if (values.markdown) writeBetween("docs/speed.md", "gemma", withCaption(result));
      return;
    }
    const result = await runBench(url, { ...options, candle: candle !== null });
    show(result, formatText);
    if (values.plot) writePlot(values.plot, result);
    if (values.markdown) writeBetween("README.md", "bench", withCaption(result));
  } finally {
    await close();
  }
});
