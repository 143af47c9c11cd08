// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run bench:chain`: how soon after the page is opened the registry has answered, and where that time goes.
 *
 * In: --models N (200), how many the registry has beside the catalogue's; --visits N (5); --json. Out: for two kinds of
 * reader, each with an empty browser, the quickest visit step by step, in milliseconds since the page was opened. One asks
 * for the model at once, so that engine, model and wallet are all made ready together; the other looks on.
 */
import "./lib/node-version.mjs";
import { parseArgs } from "node:util";

const { runScript } = await import("./lib/problem.mjs");
const { setUp } = await import("./lib/set-up.mjs");
const { wholeNumber } = await import("./lib/bench/options.mjs");
const { openRegistry } = await import("./lib/bench/registry.mjs");
const { measureVisits } = await import("./lib/bench/visits.mjs");
const { previewSite, buildSite } = await import("./lib/site.mjs");
const { requireLinera } = await import("./lib/chain/linera.mjs");

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      models: { type: "string", default: "200" },
      visits: { type: "string", default: "5" },
      json: { type: "boolean", default: false },
    },
  });
  const [models, visits] = [wholeNumber("models", values.models, 0), wholeNumber("visits", values.visits)];
  if (values.json) console.log = console.error;
  requireLinera();
  await setUp();
  await buildSite();
  const registry = await openRegistry(models);
  try {
    const { server, url } = await previewSite({ port: 0 });
    const readers = await measureVisits(url, registry.deployment, visits);
    await server.close();
    const json = JSON.stringify({ models: registry.models, ...readers }, null, 2);
    process.stdout.write(values.json ? `${json}\n` : format(registry.models, readers));
  } finally {
    await registry.close();
  }
});

/** @param {number} models @param {Record<string, import("./lib/bench/visits.mjs").Visits>} readers */
function format(models, readers) {
  const lines = [`A registry of ${models} models; milliseconds since the page was opened`];
  for (const [reader, { all, quickest }] of Object.entries(readers)) {
    lines.push("", `${reader}: ${all.map(Math.round).join(", ")}`);
    for (const [step, at] of Object.entries(quickest))
      lines.push(`  ${step.padEnd(16)} ${String(Math.round(at)).padStart(6)}`);
  }
  return `${lines.join("\n")}\n`;
}
