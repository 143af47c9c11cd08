// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { placeFile } from "../../../scripts/lib/place.mjs";
import { Stamps } from "../../../scripts/lib/stamp.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taleproof-steps-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a step", () => {
  let runs: number;
  let facts: string[];
  let stamps: Stamps;
  const input = () => join(folder, "input");
  const output = () => join(folder, "output");
  const step = () => ({
    name: "step",
    title: "A step",
    inputs: () => [input()],
    facts,
    outputs: () => [output()],
    async run() {
      runs += 1;
      writeFileSync(output(), `made ${runs}`);
    },
  });

  beforeEach(async () => {
    runs = 0;
    facts = [];
    stamps = new Stamps(folder, join(folder, "stamps"));
    mkdirSync(input());
    writeFileSync(join(input(), "a.c"), "int a;");
    await stamps.run(step());
  });

  it("is done once it has run", () => expect(stamps.isDone(step())).toBe(true));

  it("is not done when an input has another content", () => {
    writeFileSync(join(input(), "a.c"), "int b;");
    expect(stamps.isDone(step())).toBe(false);
  });

  it("is not done when a file was added to its folder", () => {
    writeFileSync(join(input(), "b.c"), "");
    expect(stamps.isDone(step())).toBe(false);
  });

  it("is not done when a fact has changed", () => {
    facts = ["a newer version"];
    expect(stamps.isDone(step())).toBe(false);
  });

  it("is not done when its output is gone or changed", () => {
    writeFileSync(output(), "something longer");
    expect(stamps.isDone(step())).toBe(false);
    rmSync(output());
    expect(stamps.isDone(step())).toBe(false);
  });

  it("is not done when its stamp was cut off in the middle", () => {
    const stamp = join(folder, "stamps", "step.json");
    writeFileSync(stamp, readFileSync(stamp, "utf8").slice(0, 20));
    expect(stamps.isDone(step())).toBe(false);
  });

  it("is not done when it failed, even if it was done before", async () => {
    const failing = { ...step(), run: () => Promise.reject(new Error("no")) };
    await expect(stamps.run(failing)).rejects.toThrow("no");
    expect(stamps.isDone(step())).toBe(false);
  });
});

describe("placing a file", () => {
  it.each([10, 3 << 20])("replaces what was there (%i bytes)", (size) => {
    const from = join(folder, "from");
    const to = join(folder, "deep", "to");
    writeFileSync(from, "x".repeat(size));
    placeFile(from, to);
    writeFileSync(join(folder, "newer"), "y".repeat(size));
    placeFile(join(folder, "newer"), to);
    expect(readFileSync(to, "utf8")).toBe("y".repeat(size));
    expect(readFileSync(from, "utf8")).toBe("x".repeat(size));
  });

  it("again over itself leaves nothing else behind", () => {
    const from = join(folder, "from");
    writeFileSync(from, "x".repeat(3 << 20));
    placeFile(from, join(folder, "to"));
    placeFile(from, join(folder, "to"));
    expect(readFileSync(join(folder, "to"), "utf8")).toHaveLength(3 << 20);
    expect(existsSync(join(folder, `to.${process.pid}.part`))).toBe(false);
  });
});
