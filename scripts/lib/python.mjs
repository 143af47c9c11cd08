// SPDX-License-Identifier: Apache-2.0
/**
 * Finds a Python that is new enough.
 *
 * In: TALEPROOF_PYTHON, or the usual names on the search path. Out: the program. Refused: no Python, or only old ones.
 */
import { execFileSync } from "node:child_process";
import { Problem } from "./problem.mjs";

const OLDEST = { major: 3, minor: 11 };
/** The plain name first: it is the one that the person chose. */
const NAMES = ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11", "py"];

/** The version of a Python program as [major, minor], or null if it does not start. @param {string} program */
export function pythonVersion(program) {
  try {
    const code = "import sys; print(sys.version_info[0], sys.version_info[1])";
    const answer = execFileSync(program, ["-c", code], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return answer.trim().split(" ").map(Number);
  } catch {
    return null;
  }
}

/**
 * @param {Record<string, string | undefined>} environment
 * @param {(program: string) => number[] | null} versionOf
 * @returns {string} the first program that is new enough
 */
export function findPython(environment = process.env, versionOf = pythonVersion) {
  const names = environment.TALEPROOF_PYTHON ? [environment.TALEPROOF_PYTHON] : NAMES;
  const old = [];
  for (const name of names) {
    const version = versionOf(name);
    if (!version) continue;
    const [major = 0, minor = 0] = version;
    if (major === OLDEST.major && minor >= OLDEST.minor) return name;
    old.push(`${name} is ${version.join(".")}`);
  }
  const remedy =
    "Install Python 3.11 or newer from python.org, or with your package manager (on Debian: apt-get install " +
    "python3 python3-venv), or name its program in TALEPROOF_PYTHON, and run the command again.";
  if (old.length > 0) {
    throw new Problem(
      "python-too-old",
      `Taleproof needs Python 3.11 or newer, but ${old.join(", ")}. ${remedy}`,
    );
  }
  throw new Problem("python-missing", `Taleproof needs Python 3.11 or newer, and none was found. ${remedy}`);
}
