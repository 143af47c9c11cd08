// SPDX-License-Identifier: Apache-2.0
/** Hostile chat templates in the page: each has the text, or the refusal, that it has in the terminal. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { visit } from "./engine-page";
import { exposePython, runPython } from "./python-in-worker";

const MODULES = ["template_cases", "template_outcomes"];

/** Puts the cases where the page's Python finds them, and gives their outcomes. */
function outcomesHere(): string {
  const lines = MODULES.map((name) => {
    const text = readFileSync(`tests/fixtures/hostile/${name}.py`, "utf8");
    return `(folder / "${name}.py").write_text(${JSON.stringify(text)}, encoding="utf-8")`;
  });
  return [
    "import pathlib, sys",
    'folder = pathlib.Path("/tmp/cases/fixtures/hostile")',
    "folder.mkdir(parents=True)",
    ...lines,
    'sys.path.insert(0, "/tmp/cases")',
    "from fixtures.hostile.template_outcomes import outcomes",
    "outcomes()",
  ].join("\n");
}

test("a hostile template has one outcome in the terminal and in the page", async ({ page }) => {
  await exposePython(page.context());
  await visit(page);
  await page.evaluate(() => window.held.client!.ready());
  const terminal = execFileSync(".venv/bin/python", ["-m", "fixtures.hostile.template_outcomes"], {
    encoding: "utf8",
    env: { ...process.env, PYTHONPATH: "py:tests", PYTHONHASHSEED: "3", TZ: "Pacific/Apia" },
  });
  const there = JSON.parse(terminal) as Record<string, string>;
  const here = JSON.parse(await runPython(page, outcomesHere())) as Record<string, string>;
  expect(Object.keys(there).length).toBeGreaterThanOrEqual(100);
  expect(here).toEqual(there);
});
