// SPDX-License-Identifier: Apache-2.0
/**
 * Real threads on the shared builds of the kernels: more of them than there are cores, which are busy with something else
 * besides, and programs on all, half and one of them in turns. Every step has to give the bits that one thread gives.
 *
 * All eight together take 43 s of processor time, the busy loops included, which leave no core idle: 22 s on two cores that
 * have nothing else to do. Beside other programs, at a load of 13, that was 52 s, at a load of 20 it was 166 s.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, expect, test } from "vitest";
import { STACK_BYTES, TEAM_BYTES } from "../../web/engine/memory/team";

interface Shared {
  memory: { start: number; end: number; bytes: string };
  program: number;
  count: number;
  step: number;
  scratch: number;
  scratchBytes: number;
  result: number;
  steps: { ids: number[]; result: string }[];
}

const BUILDS = ["baseline", "relaxed"];
const THREADS = [3, 4, 8, 16];
const STEPS = 5000;
/** The word of Team that says after how many seconds without any arrival a program is given up. */
const PATIENCE_WORD = 8;
/** Only a hang reaches it. */
const PATIENCE = 30;
const MINUTE = 60_000;

/** What helper.ts does, on Node's kind of worker. */
const HELPER = `
  const { parentPort, workerData } = require("node:worker_threads");
  const { module, memory, team, index, stackEnd } = workerData;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  exports.__stack_pointer.value = stackEnd;
  parentPort.postMessage("ready");
  exports.serve(team, index);`;

const shared = JSON.parse(
  execFileSync(".venv/bin/python", ["-m", "fixtures.team_program"], {
    env: { ...process.env, PYTHONPATH: "py:tests" },
    encoding: "utf8",
  }),
) as Shared;

let load: Worker[] = [];
beforeAll(() => {
  const busy = (): Worker => new Worker("for (;;);", { eval: true });
  load = Array.from({ length: availableParallelism() }, busy);
});
afterAll(() => Promise.all(load.map((worker) => worker.terminate())));

class Threads {
  private readonly memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
  private readonly module: WebAssembly.Module;
  private readonly run: (program: number, count: number, step: number, team: number, threads: number) => void;
  private readonly team = Math.ceil(shared.memory.end / TEAM_BYTES) * TEAM_BYTES;
  private readonly helpers: Worker[] = [];

  constructor(build: string) {
    this.module = new WebAssembly.Module(readFileSync(`build/kernels/${build}-shared.wasm`));
    const { exports } = new WebAssembly.Instance(this.module, { env: { memory: this.memory } });
    expect((exports.__heap_base as WebAssembly.Global).value).toBeLessThan(shared.memory.start);
    this.run = exports.run_program as typeof this.run;
    this.bytes(shared.memory.start).set(Buffer.from(shared.memory.bytes, "base64"));
    new Uint32Array(this.memory.buffer, this.team)[PATIENCE_WORD] = PATIENCE;
  }

  async gather(count: number): Promise<void> {
    const { module, memory, team } = this;
    for (let index = 1; index < count; index++) {
      const stackEnd = team + TEAM_BYTES + index * STACK_BYTES;
      const workerData = { module, memory, team, index, stackEnd };
      this.helpers.push(new Worker(HELPER, { eval: true, workerData }));
    }
    const ready = (helper: Worker) => new Promise((done) => helper.once("message", done));
    await Promise.all(this.helpers.map(ready));
  }

  /** Runs a step where nothing is left of the one before; whether it gave the right bits. */
  step(number: number, threads: number): boolean {
    const { ids, result } = shared.steps[number % shared.steps.length]!;
    this.bytes(shared.scratch, shared.scratchBytes).fill(0xff);
    new Uint32Array(this.memory.buffer, shared.step + 16).set(ids);
    this.run(shared.program, shared.count, shared.step, this.team, threads);
    const expected = Buffer.from(result, "base64");
    return expected.equals(this.bytes(shared.result, expected.length));
  }

  async end(): Promise<void> {
    await Promise.all(this.helpers.map((helper) => helper.terminate()));
  }

  private bytes(at: number, length?: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length);
  }
}

for (const build of BUILDS) {
  test.each(THREADS)(
    `${build}: steps on all, half and one of %i threads are right on busy cores`,
    async (count) => {
      const threads = new Threads(build);
      const pattern = [count, Math.ceil(count / 2), 1];
      try {
        await threads.gather(count);
        const wrong = [];
        for (let i = 0; i < STEPS; i++) if (!threads.step(i, pattern[i % pattern.length]!)) wrong.push(i);
        expect(wrong).toEqual([]);
      } finally {
        await threads.end();
      }
    },
    10 * MINUTE,
  );
}
