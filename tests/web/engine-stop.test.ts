// SPDX-License-Identifier: Apache-2.0
/** Stop at a worker that does not answer: the person is told at once, Python is interrupted, the worker is ended. */

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EngineClient, type WorkerLike } from "../../web/engine/client";
import type { EngineError } from "../../web/engine/errors";
import type { ReplyMessage, RequestMessage, StartArgs, WriteRequest } from "../../web/engine/protocol";
import { FAREWELL_MS } from "../../web/engine/rpc/requests";
import { END_MS, openingBudget, PATIENCE_MS, SIGINT } from "../../web/engine/rpc/stopping";
import { modelAt } from "../requests";

const SITE = "https://example.org/";
const MODEL = modelAt("a.gguf");
const SAMPLER = {
  seed: "1",
  temperature: 1,
  topP: null,
  topK: null,
  minP: null,
  repeatPenalty: 1,
  repeatLastN: 64,
};
const STORY: WriteRequest = {
  kind: "new",
  prompt: "Once",
  mode: "raw",
  sampler: SAMPLER,
  limits: { maxTokens: 10, stop: [] },
};

/** A worker that starts, and from then on answers only what the test lets it answer. */
class SilentWorker implements WorkerLike {
  readonly received: RequestMessage[] = [];
  terminated = false;
  interrupts: Uint8Array | null = null;
  answers: (message: RequestMessage) => ReplyMessage | undefined = () => undefined;
  private listener: (event: MessageEvent) => void = () => undefined;

  addEventListener(type: string, listener: (event: never) => void): void {
    if (type === "message") this.listener = listener as (event: MessageEvent) => void;
  }

  postMessage(message: unknown): void {
    const request = message as RequestMessage;
    this.received.push(request);
    if (request.kind === "init") {
      this.interrupts = (request.args as StartArgs).interrupts;
      queueMicrotask(() => this.send(request.id, { version: "1" }));
      return;
    }
    const answer = this.answers(request);
    if (answer) queueMicrotask(() => this.listener({ data: answer } as MessageEvent));
  }

  terminate(): void {
    this.terminated = true;
  }

  send(id: number, result: unknown): void {
    this.tell({ id, kind: "result", result: result as never });
  }

  tell(message: ReplyMessage): void {
    this.listener({ data: message } as MessageEvent);
  }

  kinds(): string[] {
    return this.received.map((message) => message.kind);
  }
}

let workers: SilentWorker[] = [];
let crashes: string[] = [];

function makeClient(): EngineClient {
  const spawn = (): WorkerLike => {
    const worker = new SilentWorker();
    workers.push(worker);
    return worker;
  };
  return new EngineClient((error) => crashes.push(error.code), { engine: spawn, helper: spawn }, SITE);
}

async function started(): Promise<EngineClient> {
  const client = makeClient();
  await client.ready();
  return client;
}

const codeOf = (thrown: EngineError): string => thrown.code;

beforeEach(() => {
  workers = [];
  crashes = [];
  vi.useFakeTimers();
  vi.stubGlobal("crossOriginIsolated", true);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("opening", () => {
  test("that is stopped is told of at once, interrupted, and ended with its worker", async () => {
    const client = await started();
    const abort = new AbortController();
    const opening = client.open(MODEL, undefined, abort.signal).catch(codeOf);
    const [worker] = workers;
    abort.abort();
    await vi.advanceTimersByTimeAsync(FAREWELL_MS);
    expect(await opening).toBe("cancelled");
    expect(worker!.interrupts![0]).toBe(0); // most come to rest by themselves
    await vi.advanceTimersByTimeAsync(PATIENCE_MS - FAREWELL_MS);
    expect(worker!.interrupts![0]).toBe(SIGINT);
    worker!.interrupts![0] = 0; // Python has taken it, where it has no effect
    await vi.advanceTimersByTimeAsync(END_MS / 2);
    expect(worker!.interrupts![0]).toBe(SIGINT);
    expect([worker!.terminated, crashes]).toEqual([false, []]);
    await vi.advanceTimersByTimeAsync(END_MS / 2);
    expect([worker!.terminated, crashes]).toEqual([true, ["engine-stopped"]]);
  });

  test("that comes to rest leaves the worker and no interrupt behind", async () => {
    const client = await started();
    const abort = new AbortController();
    const opening = client.open(MODEL, undefined, abort.signal).catch(codeOf);
    abort.abort();
    await vi.advanceTimersByTimeAsync(PATIENCE_MS);
    const { id } = workers[0]!.received.find((message) => message.kind === "open")!;
    const error = { code: "cancelled", message: "Stopped.", details: {}, verdict: null };
    workers[0]!.tell({ id, kind: "error", error });
    await vi.advanceTimersByTimeAsync(10 * END_MS);
    expect([await opening, workers[0]!.interrupts![0], workers[0]!.terminated]).toEqual([
      "cancelled",
      0,
      false,
    ]);
  });

  test("that is asked for while another one comes to rest waits, and goes to the new worker", async () => {
    const client = await started();
    const abort = new AbortController();
    void client.open(MODEL, undefined, abort.signal).catch(codeOf);
    abort.abort();
    await vi.advanceTimersByTimeAsync(FAREWELL_MS);
    const second = client.open(MODEL);
    await vi.advanceTimersByTimeAsync(0);
    expect(workers[0]!.kinds().filter((kind) => kind === "open")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(PATIENCE_MS + END_MS);
    expect(workers[1]!.kinds()).toEqual(["init", "open"]);
    workers[1]!.send(workers[1]!.received[1]!.id, "opened");
    expect(await second).toBe("opened");
  });

  test("can be stopped while it waits for another one to come to rest", async () => {
    const client = await started();
    const first = new AbortController();
    void client.open(MODEL, undefined, first.signal).catch(codeOf);
    first.abort();
    const second = new AbortController();
    const opening = client.open(MODEL, undefined, second.signal).catch(codeOf);
    second.abort();
    expect(await opening).toBe("cancelled");
  });

  test("that is stopped while the engine starts does not end the start", async () => {
    const client = makeClient();
    const abort = new AbortController();
    const opening = client.open(MODEL, undefined, abort.signal).catch(codeOf);
    abort.abort(); // before the worker has said a word
    await vi.advanceTimersByTimeAsync(FAREWELL_MS);
    expect(await opening).toBe("cancelled");
    await vi.advanceTimersByTimeAsync(10 * END_MS);
    expect([workers[0]!.terminated, crashes]).toEqual([false, []]);
  });

  test("may prepare as long as its size allows, and no longer; its bytes may take for ever", async () => {
    const client = await started();
    const opening = client.open(MODEL).catch((thrown: EngineError) => thrown);
    const { id } = workers[0]!.received[1]!;
    const size = 200_000_000;
    const told = { file: "a.gguf", total: size, rate: 0, secondsLeft: null };
    workers[0]!.tell({ id, kind: "progress", progress: { ...told, phase: "download", bytes: 1 } });
    await vi.advanceTimersByTimeAsync(3_600_000);
    workers[0]!.tell({ id, kind: "progress", progress: { ...told, phase: "prepare", bytes: 0 } });
    await vi.advanceTimersByTimeAsync(openingBudget(size) * 1000 - 1);
    expect(workers[0]!.interrupts![0]).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    const error = (await opening) as EngineError;
    expect([error.code, error.message]).toEqual([
      "opening-too-long",
      expect.stringMatching(/^a\.gguf .* 230 seconds.*Choose another file/s) as string,
    ]);
    await vi.advanceTimersByTimeAsync(END_MS);
    expect([workers[0]!.terminated, crashes]).toEqual([true, ["opening-too-long"]]);
  });

  test("is not given up because the device slept while it was prepared", async () => {
    const client = await started();
    const opening = client.open(MODEL);
    const { id } = workers[0]!.received[1]!;
    const told = { file: "a.gguf", total: 200_000_000, rate: 0, secondsLeft: null };
    workers[0]!.tell({ id, kind: "progress", progress: { ...told, phase: "prepare", bytes: 0 } });
    await vi.runOnlyPendingTimersAsync(); // as at waking: what is due is called once, and nothing that it begins
    workers[0]!.send(id, "opened");
    expect(await opening).toBe("opened");
  });
});

describe("a story", () => {
  test("whose batch does not come is ended with the worker, where nothing can interrupt it", async () => {
    vi.stubGlobal("crossOriginIsolated", false);
    const client = await started();
    expect(workers[0]!.interrupts).toBeNull();
    workers[0]!.answers = ({ id, kind }) =>
      kind === "start" ? { id, kind: "result", result: [] } : undefined;
    const abort = new AbortController();
    const story = client.write(STORY, abort.signal).next().catch(codeOf);
    await vi.advanceTimersByTimeAsync(0);
    expect(workers[0]!.kinds().at(-1)).toBe("next");
    abort.abort();
    await vi.advanceTimersByTimeAsync(PATIENCE_MS + END_MS);
    expect([await story, crashes]).toEqual(["engine-stopped", ["engine-stopped"]]);
  });

  test("whose steps are known to be slow has time to end its step, and can be continued", async () => {
    const client = await started();
    const [worker] = workers;
    const batch = [{ kind: "token", id: 1, text: "a", logprob: -1 }];
    worker!.answers = ({ id, kind }) => {
      if (kind === "start") return { id, kind: "result", result: batch as never };
      if (kind === "stop")
        return { id, kind: "result", result: [{ kind: "finished", reason: "stopped" }] as never };
      setTimeout(() => worker!.send(id, batch), 2000);
      return undefined;
    };
    const abort = new AbortController();
    const events = client.write(STORY, abort.signal);
    await events.next();
    const second = events.next();
    await vi.advanceTimersByTimeAsync(2000);
    await second;
    const third = events.next();
    abort.abort();
    await vi.advanceTimersByTimeAsync(2000);
    await third;
    expect([worker!.interrupts![0], worker!.terminated]).toEqual([0, false]);
    expect((await events.next()).value).toMatchObject({ kind: "finished", reason: "stopped" });
  });
});
