// SPDX-License-Identifier: Apache-2.0
/** `npm run chain:revoke -- NAME VERSION --reason TEXT`: withdraw a version of one's own model. */
import "../lib/node-version.mjs";

const { asPublisher } = await import("../lib/chain/as-publisher.mjs");
const { readOptions } = await import("../lib/chain/options.mjs");
const { Problem, runScript } = await import("../lib/problem.mjs");

const USAGE = "npm run chain:revoke -- NAME VERSION --reason TEXT [--path FOLDER] [--network FILE]";

await runScript(async () => {
  const { words, options } = readOptions(USAGE, {
    words: 2,
    options: { reason: undefined, path: undefined, network: undefined },
  });
  const [name = "", number] = words;
  const { reason } = options;
  const version = Number(number);
  if (!Number.isInteger(version) || version < 1 || !reason) throw new Problem("usage", `Usage: ${USAGE}`);
  const { answered } = await asPublisher(
    options,
    async () => (publisher) => publisher.revoke(name, version, reason),
  );
  console.log(`${name}, version ${version}, is revoked, in block ${answered.height} of the home chain.`);
});
