// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../../scripts/lib/paths.mjs";
import { blockOf } from "../../../scripts/lib/requirements.mjs";

const read = (name: string): string => readFileSync(join(ROOT, "scripts", name), "utf8");
const locked = read("requirements.txt");

/** Each requirement's own lines, by its name in lower case. */
const blocks = new Map(
  locked
    .split(/\n(?=[a-z])/i)
    .map((block) => [/^([\w-]+)==/.exec(block)?.[1]?.toLowerCase(), block] as const)
    .filter((entry): entry is [string, string] => entry[0] !== undefined),
);

describe("the Python tools", () => {
  it("are all known by digest, and come as wheels: nothing is built with tools that have none", () => {
    expect(locked).toMatch(/^--only-binary :all:$/m);
    expect(blocks.size).toBeGreaterThan(40);
    for (const [name, block] of blocks) expect(block, name).toMatch(/--hash=sha256:[0-9a-f]{64}/);
  });

  it("are those that requirements.in names", () => {
    const named = [...read("requirements.in").matchAll(/^([\w-]+)==(\S+)$/gm)];
    expect(named.length).toBeGreaterThan(10);
    for (const [, name, version] of named) {
      expect(blocks.get(name!.toLowerCase()), name).toContain(`==${version!} \\\n`);
    }
  });

  it("begin with a pip that is known by digest", () => {
    const pip = blockOf(locked, "pip");
    expect(pip).toMatch(/^pip==\S+ \\\n {4}--hash=sha256:[0-9a-f]{64}/);
    expect(pip).not.toContain("\npluggy");
  });
});
