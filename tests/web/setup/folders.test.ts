// SPDX-License-Identifier: Apache-2.0
/** Which folders have too many files. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { crowded, MOST } from "../../../scripts/lib/folders.mjs";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "taleproof-folders-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Makes files a0, a1, ... with the given ending. */
function fill(folder: string, count: number, ending: string): void {
  mkdirSync(join(root, folder), { recursive: true });
  for (let i = 0; i < count; i += 1) writeFileSync(join(root, folder, `a${i}${ending}`), "");
}

it("names a folder with one file too many, however deep", () => {
  fill("src/one", MOST, ".c");
  fill("src/one/two", MOST + 1, ".c");
  expect(crowded({ root, all: [{ folder: "src", endings: [".c"] }] })).toEqual([
    { folder: join("src", "one", "two"), files: MOST + 1 },
  ]);
});

it("counts all the endings of a folder together", () => {
  fill("src", MOST, ".c");
  fill("src", 1, ".h");
  expect(crowded({ root, all: [{ folder: "src", endings: [".c", ".h"] }] })).toHaveLength(1);
});

it("does not count data and generated files", () => {
  fill("src", MOST, ".c");
  fill("src", 1, ".gen.c");
  fill("src", 1, ".json");
  expect(crowded({ root, all: [{ folder: "src", endings: [".c"] }] })).toEqual([]);
});
