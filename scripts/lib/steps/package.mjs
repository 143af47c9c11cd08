/**
 * The engine's Python package as a wheel, and the list of all wheels that the page installs.
 *
 * Out: public/wheels/taleproof-VERSION-py3-none-any.whl and public/wheels/wheels.json.
 */
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { sha256File } from "../cache.mjs";
import { PUBLIC, ROOT, venvProgram } from "../paths.mjs";
import { runQuietly } from "../run.mjs";
import { writeWhole } from "../stamp.mjs";

const TARGET = join(PUBLIC, "wheels");
const LIST = join(TARGET, "wheels.json");

function version() {
  const text = readFileSync(join(ROOT, "py", "taleproof", "__init__.py"), "utf8");
  return /__version__ = "([^"]+)"/.exec(text)[1];
}

/** @returns {import("../stamp.mjs").Step} */
export function packageStep() {
  const wheel = () => join(TARGET, `taleproof-${version()}-py3-none-any.whl`);
  return {
    name: "package",
    title: "The engine's package",
    inputs: () => [join(ROOT, "py", "taleproof"), join(ROOT, "pyproject.toml")],
    facts: ["wheels.json 1"],
    outputs: () => [wheel(), LIST],
    async run() {
      for (const name of readdirSync(TARGET)) if (name.startsWith("taleproof-")) rmSync(join(TARGET, name));
      const args = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", TARGET, ROOT];
      // One fixed time inside the archive: the same sources give the same bytes.
      const env = { SOURCE_DATE_EPOCH: "315532800", PIP_DISABLE_PIP_VERSION_CHECK: "1" };
      await runQuietly("The engine's wheel", venvProgram("python"), args, { log: "wheel", env });
      writeWhole(LIST, JSON.stringify({ wheels: await describeWheels(TARGET) }, null, 2));
    },
  };
}

/** Each wheel's package, file name, size and digest, the engine's last: it needs the others. */
async function describeWheels(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith(".whl"));
  const ours = (name) => Number(name.startsWith("taleproof-"));
  const sorted = names.sort((a, b) => ours(a) - ours(b) || a.localeCompare(b));
  return Promise.all(
    sorted.map(async (file) => ({
      package: file.split("-")[0],
      file,
      size: statSync(join(folder, file)).size,
      sha256: await sha256File(join(folder, file)),
    })),
  );
}
