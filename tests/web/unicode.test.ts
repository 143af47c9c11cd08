// SPDX-License-Identifier: Apache-2.0
/** Unicode in the page: what each stage of a tokenizer.json makes of every character is what it makes in the terminal. */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { loadPyodide } from "pyodide";
import { expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const PATH = [join(ROOT, "py"), join(ROOT, "tests")];
const WHEEL = /^(numpy|regex)-.*\.whl$/i;

test("terminal and page write and cut every character alike", { timeout: 1_800_000 }, async () => {
  const terminal = execFileSync(join(ROOT, ".venv/bin/python"), ["-m", "fixtures.unicode_stages"], {
    encoding: "utf8",
    env: { ...process.env, PYTHONPATH: PATH.join(delimiter) },
  });
  const python = await loadPyodide({ indexURL: join(ROOT, "node_modules/pyodide") });
  const pyodide = join(ROOT, "public/pyodide");
  for (const name of readdirSync(pyodide).filter((name) => WHEEL.test(name)))
    python.unpackArchive(new Uint8Array(readFileSync(join(pyodide, name))), "wheel");
  for (const [index, folder] of PATH.entries()) {
    python.FS.mkdirTree(`/mounted/${index}`);
    python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, `/mounted/${index}`);
    python.runPython(`import sys; sys.dont_write_bytecode = True; sys.path.insert(0, "/mounted/${index}")`);
  }
  const page = python.runPython("from fixtures.unicode_stages import digests; digests()") as string;
  const here = JSON.parse(page) as Record<string, string>;
  expect(Object.keys(here)).toHaveLength(15);
  expect(here).toEqual(JSON.parse(terminal));
});
