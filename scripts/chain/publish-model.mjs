// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run chain:publish-model -- FILE`: a small model with its bytes on chain, so that a page can load it from there.
 *
 * In: a file of up to 10 MB that the catalogue knows, or that a description given by --as does; the other files of the
 * same model, such as its tokenizer, go with it. Out: data blobs, and a version of the model that lists them.
 */
import "../lib/node-version.mjs";

const { asPublisher } = await import("../lib/chain/as-publisher.mjs");
const { putOnChain, requireSmall } = await import("../lib/chain/on-chain.mjs");
const { readOptions } = await import("../lib/chain/options.mjs");
const { entryOfFile, findEntry, releaseOf } = await import("../lib/chain/release.mjs");
const { Problem, runScript } = await import("../lib/problem.mjs");
const { ProgressBar } = await import("../lib/progress.mjs");

const USAGE =
  "npm run chain:publish-model -- FILE [--as MODEL.json|ID] [--name NAME] [--path FOLDER] [--network FILE]";

await runScript(async () => {
  const { words, options } = readOptions(USAGE, {
    words: 1,
    options: { as: undefined, name: undefined, path: undefined, network: undefined },
  });
  const [file = ""] = words;
  const entry = options.as ? findEntry(options.as) : await entryOfFile(file);
  if (!entry) {
    throw new Problem(
      "unknown-model",
      `The catalogue has no model with the bytes of ${file}. Describe it in a JSON file, as public/models.json does, and ` +
        "name that with --as MODEL.json.",
    );
  }
  const name = options.name ?? entry.id;
  const { release, paths } = await releaseOf(entry, [file]);
  requireSmall(release);
  const { answered } = await asPublisher(options, async (wallet) => {
    const onChain = await putShown(name, release, paths, wallet);
    return (publisher) => publisher.publish(name, onChain);
  });
  console.log(`${name} is published with its bytes, in block ${answered.height} of the home chain.`);
});

/**
 * @param {string} name
 * @param {import("../lib/chain/release.mjs").Release} release
 * @param {string[]} paths
 * @param {import("../lib/chain/wallet.mjs").Wallet} wallet
 */
async function putShown(name, release, paths, wallet) {
  const bar = new ProgressBar();
  const total = release.files.reduce((sum, file) => sum + file.size, 0);
  bar.begin(name, total);
  try {
    return await putOnChain(release, paths, wallet, (done) => bar.update(done, total));
  } finally {
    bar.end();
  }
}
