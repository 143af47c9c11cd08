// SPDX-License-Identifier: Apache-2.0
/** `npm run chain:publish -- MODEL.json|ID`: a new model, or the next version of one's own. */
import "../lib/node-version.mjs";

const { asPublisher } = await import("../lib/chain/as-publisher.mjs");
const { readOptions } = await import("../lib/chain/options.mjs");
const { findEntry, releaseOf } = await import("../lib/chain/release.mjs");
const { runScript } = await import("../lib/problem.mjs");

const USAGE = "npm run chain:publish -- MODEL.json|ID [--name NAME] [--path FOLDER] [--network FILE]";

await runScript(async () => {
  const { words, options } = readOptions(USAGE, {
    words: 1,
    options: { name: undefined, path: undefined, network: undefined },
  });
  const [idOrFile = ""] = words;
  const entry = findEntry(idOrFile);
  const name = options.name ?? entry.id;
  const { release } = await releaseOf(entry);
  const { answered } = await asPublisher(
    options,
    async () => (publisher) => publisher.publish(name, release),
  );
  console.log(`${name} is published, in block ${answered.height} of the home chain.`);
});
