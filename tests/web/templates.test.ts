// SPDX-License-Identifier: Apache-2.0
/** The letters that a chat template may change or judge: in the page's Python the same as in the terminal's. */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadPyodide, type PyodideInterface } from "pyodide";
import { beforeAll, expect, test } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const PY = join(ROOT, "py");
const WHEEL = /^(jinja2|markupsafe|numpy|regex)-.*\.whl$/i;

let python: PyodideInterface;

beforeAll(async () => {
  python = await loadPyodide({ env: { PYTHONHASHSEED: "7", TZ: "Asia/Kathmandu" } });
  for (const folder of ["public/pyodide", "public/wheels"]) {
    for (const name of readdirSync(join(ROOT, folder)).filter((name) => WHEEL.test(name)))
      python.unpackArchive(new Uint8Array(readFileSync(join(ROOT, folder, name))), "wheel");
  }
  python.FS.mkdirTree("/mounted");
  python.FS.mount(python.FS.filesystems.NODEFS, { root: PY }, "/mounted");
  python.runPython('import sys; sys.dont_write_bytecode = True; sys.path.insert(0, "/mounted")');
}, 120_000);

test("letters that a template may change or judge are the same in the terminal and in the page", () => {
  const work = `
import hashlib, sys
from taleproof.chat.template.budget import TemplateRefusal
from taleproof.chat.template.letters import CASES, CLASSES, known
digest = hashlib.sha256()
# All letters but those of the long blocks of Chinese, Korean and private use, which are alike: of them every 64th.
alike = [(0x3400, 0xA000), (0xAC00, 0xF900), (0x20000, 0x110000)]
codes = [code for code in range(0x110000) if code % 64 == 0 or not any(low <= code < high for low, high in alike)]
for code in codes:
    letter = chr(code)
    try:
        known(letter)
    except TemplateRefusal:
        continue
    answers = [change("a" + letter + "b") for change in CASES.values()] + [test(letter) for test in CLASSES.values()]
    answers += [repr(letter), letter.strip(), f"a{letter}b".split(), f"a{letter}b".splitlines()]
    digest.update(repr([code, ascii(answers)]).encode())
found = digest.hexdigest()
`;
  const terminal = execFileSync(join(ROOT, ".venv/bin/python"), ["-c", `${work}\nprint(found)`], {
    encoding: "utf8",
    env: { ...process.env, PYTHONPATH: PY },
  });
  expect(python.runPython(`${work}\nfound`)).toBe(terminal.trim());
}, 300_000);
