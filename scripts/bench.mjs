/**
 * `npm run bench`: this engine and wllama side by side in one run, each in a Chromium of its own.
 *
 * In: --rounds N (3), --tokens N (128), --threads N (1), --json. Out: a table, or with --json one object with every figure.
 * The engines take turns round by round, so that a machine that grows slower or hotter does so for both.
 */
import "./lib/node-version.mjs";
import { parseArgs } from "node:util";

const { runScript, Problem } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");
const { serveBench } = await import("./lib/bench/site.mjs");
const { measureAll } = await import("./lib/bench/measure.mjs");
const { formatTable } = await import("./lib/bench/table.mjs");

function positive(name, text) {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Problem("bad-option", `--${name} takes a whole number above 0, not "${text}".`);
}

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "3" },
      tokens: { type: "string", default: "128" },
      threads: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
    },
  });
  const rounds = positive("rounds", values.rounds);
  const tokens = positive("tokens", values.tokens);
  const threads = positive("threads", values.threads);
  // With --json, standard output belongs to the figures.
  if (values.json) console.log = console.error;
  await setUp();
  const { url, close } = await serveBench();
  try {
    const result = await measureAll(url, { rounds, tokens, threads, say: (line) => console.error(line) });
    process.stdout.write(values.json ? `${JSON.stringify(result, null, 2)}\n` : formatTable(result));
  } finally {
    await close();
  }
});
