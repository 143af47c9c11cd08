// SPDX-License-Identifier: Apache-2.0
/**
 * Makes the tables that C and Python share, compiles the kernels, and writes their digests into
 * py/taleproof/memory/kernels.py: for whoever has changed kernels/, or a block type.
 */
import "./lib/node-version.mjs";

const { join } = await import("node:path");
const { builtDigests, pinDigests } = await import("./lib/kernel-digests.mjs");
const { ROOT, venvProgram } = await import("./lib/paths.mjs");
const { runScript } = await import("./lib/problem.mjs");
const { runQuietly } = await import("./lib/run.mjs");

await runScript(async () => {
  const tables = join(ROOT, "scripts", "kernel_tables.py");
  await runQuietly("The kernels' tables", venvProgram("python"), [tables], { log: "kernels" });
  const builder = join(ROOT, "scripts", "build_kernels.py");
  await runQuietly("The kernels", venvProgram("python"), [builder], { log: "kernels" });
  const built = await builtDigests(join(ROOT, "build", "kernels"));
  pinDigests(built);
  for (const [name, digest] of Object.entries(built)) console.log(`${digest}  ${name}`);
});
