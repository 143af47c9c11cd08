// SPDX-License-Identifier: Apache-2.0
/** The Python tools: a virtual environment with packages that are known by digest, and the engine's package installed editable in it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runPip } from "../download.mjs";
import { ROOT, VENV, venvProgram } from "../paths.mjs";
import { errorMessage, Problem } from "../problem.mjs";
import { findPython, pythonVersion } from "../python.mjs";
import { blockOf } from "../requirements.mjs";
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
        ["-m", "pip", "install", "--no-cache-dir", "--require-hashes", "-r", REQUIREMENTS],
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
    if (!/ensurepip|No module named venv/.test(errorMessage(error))) throw error;
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
  const folder = mkdtempSync(join(tmpdir(), "taleproof-pip-"));
  try {
    const pin = join(folder, "pip.txt");
    writeFileSync(pin, blockOf(readFileSync(REQUIREMENTS, "utf8"), "pip"));
    const args = ["-m", "pip", "install", "--require-hashes", "--only-binary=:all:", "-r", pin];
    await runQuietly("The Python package installer", venvProgram("python"), args, { log: "pip-itself" });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
