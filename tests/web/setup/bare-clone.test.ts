// SPDX-License-Identifier: Apache-2.0
/** A fresh clone has no packages until a script has installed them: what is read before that comes from Node.js and from here. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const SCRIPTS = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
const FIRST = Object.values(SCRIPTS.scripts).flatMap(
  (line) => /^node (scripts\/\S+\.mjs)/.exec(line)?.[1] ?? [],
);
/** Also where the first import waits for the check of Node.js's version. */
const IMPORT = /^(?:import\s(?:[^"]*\sfrom\s)?|const\s[^=]*=\sawait\simport\()"([^"]+)"/gm;

function importsOf(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(IMPORT)].map((match) => match[1]!);
}

/** A script and all that it reads at once. */
function readWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const name of importsOf(file)) if (name.startsWith(".")) readWith(join(dirname(file), name), seen);
  return seen;
}

describe("before anything is installed", () => {
  it.each(FIRST)("%s needs no package", (script) => {
    const files = [...readWith(script)];
    const foreign = files.flatMap((file) =>
      importsOf(file)
        .filter((name) => !name.startsWith(".") && !name.startsWith("node:"))
        .map((name) => `${file}: ${name}`),
    );
    expect(foreign).toEqual([]);
  });

  it("the scripts are many, and read many files", () => {
    expect(FIRST.length).toBeGreaterThan(15);
    expect(readWith("scripts/test.mjs").size).toBeGreaterThan(15);
  });
});
