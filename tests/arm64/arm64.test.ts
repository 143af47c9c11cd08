// SPDX-License-Identifier: Apache-2.0
/**
 * The same bits on another processor: golden runs, and numbers at their limits, on an emulated arm64 machine.
 *
 * wasmtime's Cranelift compiles the kernels there for the whole engine in Python, and V8 in Node.js for the journals of
 * what the engine asked of its arena on this machine (journal.py). Both lanes run side by side.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { arm64Machine, type Machine } from "../../scripts/lib/arm64.mjs";

const KERNELS = "build/kernels";
const JOURNAL = "tests/arm64/journal.py";
const REPLAY = "tests/arm64/replay.mjs";
/** Journals of golden runs depend on the machine's pace, because a prompt is read in steps of even length in time. */
const EVERYWHERE_THE_SAME = ["values-relaxed", "values-baseline"];

const folder = mkdtempSync(join(tmpdir(), "taleproof-arm64-"));
const here = join(folder, "here");
const there = join(folder, "there");
let machine: Machine;

interface Ended {
  code: number;
  said: string;
}

function run(
  [program, ...first]: string[],
  args: string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  if (program === undefined) throw new Error("there is no program to run");
  const options = { env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...env }, maxBuffer: 1 << 26 };
  return new Promise((resolve) => {
    execFile(program, [...first, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, said: stdout + stderr });
    });
  });
}

function journals(): string[] {
  return readdirSync(here)
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(here, name));
}

beforeAll(async () => {
  machine = await arm64Machine();
  const made = await run([".venv/bin/python"], [JOURNAL, here], { PYTHONPATH: "py:tests" });
  expect(made.code, made.said).toBe(0);
});

afterAll(() => rmSync(folder, { recursive: true }));

test.concurrent("the engine under wasmtime writes the golden runs on arm64", async () => {
  const env = { ...machine.env, PYTHONPATH: `py:tests:${machine.env.PYTHONPATH}` };
  const { code, said } = await run(machine.python, [JOURNAL, there], env);
  expect(code, said).toBe(0);
  for (const name of EVERYWHERE_THE_SAME) {
    const [ours, theirs] = [here, there].map((side) => readFileSync(join(side, `${name}.json`), "utf8"));
    expect(theirs === ours, `${name}: numbers at their limits make other bits there`).toBe(true);
  }
});

test.concurrent("the kernels under V8 repeat every journal on arm64", async () => {
  const { code, said } = await run(machine.node, [REPLAY, KERNELS, ...journals()]);
  expect(code, said).toBe(0);
  expect(said.match(/: the same$/gm)).toHaveLength(journals().length);
});

test.concurrent("a journal with one other bit is refused", async () => {
  const name = join(here, "tiny-Q4_0-relaxed");
  const data = readFileSync(`${name}.bin`);
  const events = readFileSync(`${name}.json`);
  const changed = join(folder, "changed");
  const middle = data.length >> 1;
  data.writeUInt8(data.readUInt8(middle) ^ 1, middle);
  writeFileSync(`${changed}.bin`, data);
  writeFileSync(`${changed}.json`, events);
  const { code, said } = await run(machine.node, [REPLAY, KERNELS, `${changed}.json`]);
  expect(code).toBe(1);
  expect(said).toMatch(/^changed: event \d+: /);
});
