// SPDX-License-Identifier: Apache-2.0
/**
 * The wheel for others, as README.md tells people to use it: made, installed beside wasmtime into an environment that has
 * nothing else, and imported from there. This needs the package index that pip is set up for.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeLibraryWheel } from "../../../scripts/lib/library-wheel.mjs";
import { PUBLIC, ROOT, venvProgram } from "../../../scripts/lib/paths.mjs";
import { goldenStory, readmeSection } from "../../readme";

const { shell, python } = readmeSection("From Python");
const MADE = join(ROOT, "build", "wheel");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "taleproof-library-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program in this folder, with the programs of an environment before all others. */
function run(program: string, args: string[], environment?: string): string {
  const path = [...(environment ? [join(environment, "bin")] : []), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path, PIP_DISABLE_PIP_VERSION_CHECK: "1" };
  return execFileSync(program, args, { cwd: ROOT, encoding: "utf8", env });
}

it("is made, installed and used by README's lines, and writes the golden story", () => {
  const environment = join(folder, "environment");
  run(venvProgram("python"), ["-m", "venv", environment]);
  expect(shell).toHaveLength(2);
  for (const line of shell) run("sh", ["-ec", line], environment);
  const program = join(folder, "program.py");
  writeFileSync(program, python);
  const [story = "", record = ""] = run("python", [program], environment).split(/\n(?=[0-9a-f]{64}\n$)/);
  expect(story.length).toBeGreaterThan(150);
  expect(goldenStory().startsWith(story)).toBe(true);
  expect(record).toMatch(/^[0-9a-f]{64}\n$/);
  const where = "import taleproof; print(taleproof.__file__)";
  expect(run("python", ["-c", where], environment)).toContain(environment);
}, 600_000);

it("has the kernels in it, and the same bytes whenever it is made", async () => {
  const again = await makeLibraryWheel(join(folder, "again"));
  const [name = ""] = readdirSync(MADE);
  expect(readFileSync(again).equals(readFileSync(join(MADE, name)))).toBe(true);
  const list = "import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist(), sep='\\n')";
  const members = (wheel: string): string[] =>
    run(venvProgram("python"), ["-c", list, wheel])
      .split("\n")
      .filter((member) => !member.includes("dist-info"));
  const kernels = ["relaxed", "baseline"].map((build) => `taleproof/kernels/${build}.wasm`);
  const pages = members(join(PUBLIC, "wheels", name));
  expect(members(again).sort()).toEqual([...pages, ...kernels].sort());
}, 120_000);
