/** The Python tools: a virtual environment with pinned packages, and the engine's package installed editable in it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runPip } from "../download.mjs";
import { ROOT, VENV, venvProgram } from "../paths.mjs";
import { Problem } from "../problem.mjs";
import { findPython, pythonVersion } from "../python.mjs";
import { runQuietly } from "../run.mjs";

const REQUIREMENTS = join(ROOT, "scripts", "requirements.txt");

/** @returns {import("../stamp.mjs").Step} */
export function pythonStep() {
  return {
    name: "python",
    title: "Python tools",
    inputs: () => [REQUIREMENTS, join(ROOT, "pyproject.toml")],
    outputs: () => [venvProgram("python"), venvProgram("pytest"), venvProgram("ruff")],
    async run() {
      if (!pythonVersion(venvProgram("python"))) await createEnvironment();
      await upgradePip();
      await runPip(
        "The Python tools",
        ["-m", "pip", "install", "--no-cache-dir", "-r", REQUIREMENTS],
        "pip-install",
      );
      const editable = ["-m", "pip", "install", "--no-deps", "--no-build-isolation", "--editable", ROOT];
      await runPip("The engine's Python package", editable, "pip-editable");
    },
  };
}

async function createEnvironment() {
  const python = findPython();
  try {
    await runQuietly("The Python environment", python, ["-m", "venv", "--clear", VENV], { log: "venv" });
  } catch (error) {
    if (!/ensurepip|No module named venv/.test(error.message)) throw error;
    throw new Problem(
      "python-venv-missing",
      "This Python cannot make virtual environments. Install what it lacks (on Debian: apt-get install " +
        "python3-venv) and run the command again.",
      { cause: error },
    );
  }
}

/** An old pip lacks the progress lines that set-up reads. */
async function upgradePip() {
  const pin = /^pip==\S+$/m.exec(readFileSync(REQUIREMENTS, "utf8"))[0];
  const args = ["-m", "pip", "install", pin];
  await runQuietly("The Python package installer", venvProgram("python"), args, { log: "pip-itself" });
}
