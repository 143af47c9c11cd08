// SPDX-License-Identifier: Apache-2.0
/**
 * Clocks inside the engine's worker, which knows nothing of them.
 *
 * In: the kernels' module as it is instantiated, reads of this browser's storage, and the page's messages as they come and
 * are answered. Out: a Times for each message of the kind "times", on the port that it brings. In a worker named "instructions" a program is run
 * instruction by instruction, which tells what each one costs; in any other, as a whole.
 */

import type { InstructionTime, Times } from "../messages";

const scope = self as unknown as DedicatedWorkerGlobalScope;
const byInstruction = scope.name === "instructions";
const WORDS = 16;

type Kernel = (...args: number[]) => number;

let times: Times;
let entries: Map<number, InstructionTime>;
let asked = 0;

function reset(): void {
  times = { kernels: {}, storage: 0, busy: 0, requests: 0, instructions: [] };
  entries = new Map();
}
reset();

function timed(name: string, kernel: Kernel): Kernel {
  return (...args) => {
    const began = performance.now();
    const result = kernel(...args);
    times.kernels[name] = (times.kernels[name] ?? 0) + performance.now() - began;
    return result;
  };
}

/** run_program, one instruction after the other. */
function dissected(run: Kernel, memory: WebAssembly.Memory): Kernel {
  return (program, count, step, ...others) => {
    const words = new Uint32Array(memory.buffer);
    const [tokens, position] = [words[step! >> 2]!, words[(step! >> 2) + 1]!];
    for (let i = 0; i < count!; i++) {
      const at = program! + 4 * WORDS * i;
      const began = performance.now();
      run(at, 1, step!, ...others);
      const ms = performance.now() - began;
      const key = 2 * at + Number(tokens > 1);
      let entry = entries.get(key);
      if (!entry) {
        const own = [...words.subarray(at >> 2, (at >> 2) + WORDS)];
        entry = { words: own, prefill: tokens > 1, runs: 0, tokens: 0, positions: 0, ms: 0 };
        entries.set(key, entry);
      }
      entry.runs += 1;
      entry.tokens += tokens;
      entry.positions += position;
      entry.ms += ms;
    }
    return 0;
  };
}

function withClocks(exports: WebAssembly.Exports, memory: WebAssembly.Memory): WebAssembly.Exports {
  const result: Record<string, WebAssembly.ExportValue> = { ...exports };
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value !== "function") continue;
    const kernel = value as Kernel;
    result[name] = timed(name, byInstruction && name === "run_program" ? dissected(kernel, memory) : kernel);
  }
  return result;
}

const Plain = WebAssembly.Instance;
WebAssembly.Instance = new Proxy(Plain, {
  construct(target, [module, imports]: [WebAssembly.Module, WebAssembly.Imports?]) {
    const instance = new target(module, imports);
    if (!("run_program" in instance.exports)) return instance; // Python's, or a probe
    return { exports: withClocks(instance.exports, imports!.env!.memory as WebAssembly.Memory) };
  },
});

const handle = FileSystemSyncAccessHandle.prototype;
handle.read = new Proxy(handle.read, {
  apply(read, file: FileSystemSyncAccessHandle, args: Parameters<typeof handle.read>) {
    const began = performance.now();
    const result = read.apply(file, args);
    times.storage += performance.now() - began;
    return result;
  },
});

scope.addEventListener("message", (event: MessageEvent<{ kind: string; port: MessagePort }>) => {
  if (event.data.kind === "times") {
    event.stopImmediatePropagation();
    times.instructions = [...entries.values()];
    event.data.port.postMessage(times);
    reset();
  } else {
    asked = performance.now();
  }
});

const reply = scope.postMessage.bind(scope);
scope.postMessage = (message: { kind: string }) => {
  if (message.kind === "result") {
    times.busy += performance.now() - asked;
    times.requests += 1;
  }
  reply(message);
};
