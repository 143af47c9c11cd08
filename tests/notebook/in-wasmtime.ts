// SPDX-License-Identifier: Apache-2.0
/** What README's program for a notebook prints, as the library writes it outside of a browser: a story and its record. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ROOT, venvProgram } from "../../scripts/lib/paths.mjs";

export const MODEL = ["stories260K.bin", "tok512.bin"].map((name) => join(ROOT, "tests", "fixtures", name));

const PROGRAM = `
import sys, taleproof
with taleproof.open(sys.argv[1:]) as model:
    print("".join(event.text for event in model.generate("Once upon a time", max_tokens=64)))
    print(model.record.sha256())
`;

export function storyInWasmtime(): string {
  return execFileSync(venvProgram("python"), ["-c", PROGRAM, ...MODEL], { encoding: "utf8" });
}
