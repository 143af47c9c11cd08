// SPDX-License-Identifier: Apache-2.0
/**
 * The engine's Python package as a wheel, and the list of all wheels that the page installs.
 *
 * The page's wheel has no kernels in it: the page fetches the one build that it runs, which is mostly one for threads. The
 * wheel for others (library-wheel.mjs) has those for one thread.
 *
 * Out: public/wheels/taleproof-VERSION-py3-none-any.whl and public/wheels/wheels.json.
 */
import { readdirSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { sha256File } from "../cache.mjs";
import { PUBLIC, ROOT, venvProgram } from "../paths.mjs";
import { Problem } from "../problem.mjs";
import { runQuietly } from "../run.mjs";
import { writeWhole } from "../stamp.mjs";
import { engineVersion } from "../version.mjs";
import { JINJA, MARKUPSAFE } from "./wheels.mjs";

const TARGET = join(PUBLIC, "wheels");
const LIST = join(TARGET, "wheels.json");

/** What the engine's wheel is made of. */
export const WHEEL_SOURCES = ["py/taleproof", "pyproject.toml", "LICENSE", "NOTICE", "licences"];

/** Builds the wheel of the sources in a folder: the same sources give the same bytes, wherever and whenever. @param {string} sources @param {string} target */
export async function buildWheel(sources, target) {
  const args = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", target, sources];
  // One fixed time inside the archive.
  const env = { SOURCE_DATE_EPOCH: "315532800", PIP_DISABLE_PIP_VERSION_CHECK: "1" };
  await runQuietly("The engine's wheel", venvProgram("python"), args, { log: "wheel", env });
}

/** @returns {import("../stamp.mjs").Step} */
export function packageStep() {
  const wheel = () => join(TARGET, `taleproof-${engineVersion()}-py3-none-any.whl`);
  return {
    name: "package",
    title: "The engine's package",
    inputs: () => WHEEL_SOURCES.map((name) => join(ROOT, name)),
    facts: [JINJA.sha256, MARKUPSAFE.sha256],
    outputs: () => [wheel(), LIST],
    async run() {
      for (const name of readdirSync(TARGET)) if (name.startsWith("taleproof-")) rmSync(join(TARGET, name));
      await buildWheel(ROOT, TARGET);
      const wheels = await describeWheels(TARGET, [JINJA, MARKUPSAFE, { name: basename(wheel()) }]);
      writeWhole(LIST, JSON.stringify({ wheels }, null, 2));
    },
  };
}

/**
 * Package, file name, size and digest of each wheel, the engine's last: it needs the others. Whatever else lies in the
 * folder is no wheel of ours, and is not listed.
 * @param {string} folder
 * @param {{name: string, sha256?: string}[]} wheels with a digest where it is known beforehand
 */
export function describeWheels(folder, wheels) {
  return Promise.all(
    wheels.map(async ({ name: file, sha256: expected }) => {
      const sha256 = await sha256File(join(folder, file));
      if (expected && sha256 !== expected) {
        throw new Problem(
          "digest-mismatch",
          `${join(folder, file)} has the SHA-256 ${sha256}, not ${expected}. Remove it and run the command again.`,
        );
      }
      return { package: file.split("-")[0], file, size: statSync(join(folder, file)).size, sha256 };
    }),
  );
}
