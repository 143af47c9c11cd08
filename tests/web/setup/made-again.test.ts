// SPDX-License-Identifier: Apache-2.0
/** What set-up makes for the page can be made again, byte by byte, in another folder and at another time. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { PUBLIC, ROOT } from "../../../scripts/lib/paths.mjs";
import { buildWheel, WHEEL_SOURCES } from "../../../scripts/lib/steps/package.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taleproof-made-again-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("the engine's wheel", async () => {
  for (const name of WHEEL_SOURCES) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  for (const name of readdirSync(join(folder, "py"), { recursive: true, encoding: "utf8" })) {
    utimesSync(join(folder, "py", name), 1e9, 1e9);
  }
  const target = join(folder, "wheels");
  mkdirSync(target);
  await buildWheel(folder, target);
  const [wheel] = readdirSync(target);
  const made = readFileSync(join(PUBLIC, "wheels", wheel!));
  expect(readFileSync(join(target, wheel!)).equals(made)).toBe(true);
}, 120_000);

it("the memory of a Python that has just started", () => {
  cpSync(join(ROOT, "scripts"), join(folder, "scripts"), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const target = join(folder, "python.snapshot");
  execFileSync(process.execPath, [join(folder, "scripts", "snapshot_python.mjs"), target]);
  const made = readFileSync(join(PUBLIC, "pyodide", "python.snapshot"));
  expect(readFileSync(target).equals(made)).toBe(true);
}, 120_000);
