import { describe, expect, test, vi } from "vitest";
import { EngineClient, FIRST_WORD_MS, type WorkerLike } from "../../web/engine/client";
import type { EngineError } from "../../web/engine/errors";
import type {
  ErrorData,
  ReplyMessage,
  RequestMessage,
  StartArgs,
  WriteEvent,
  WriteRequest,
} from "../../web/engine/protocol";

const CRASH: ErrorData = { code: "engine-crashed", message: "It stopped.", details: {}, verdict: null };
const SITE = "https://example.org/tales/";

const STORY: WriteRequest = {
  kind: "new",
  prompt: "Once",
  mode: "raw",
  sampler: {
    seed: null,
    temperature: 1,
    topP: null,
    topK: null,
    minP: null,
    repeatPenalty: 1,
    repeatLastN: 64,
  },
  limits: { maxTokens: 10, stop: [] },
};

/** A worker whose part the test plays: what it was sent, and a way to answer. */
class PlayedWorker implements WorkerLike {
  readonly received: RequestMessage[] = [];
  terminated = false;
  /** Answers a request at once, where it returns a message. */
  respond: (message: RequestMessage) => ReplyMessage | undefined = () => undefined;
  private readonly listeners = new Map<string, ((event: never) => void)[]>();

  addEventListener(type: string, listener: (event: never) => void): void {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }

  postMessage(message: unknown): void {
    const request = message as RequestMessage;
    this.received.push(request);
    const answer = this.respond(request);
    if (answer) queueMicrotask(() => this.send(answer));
  }

  terminate(): void {
    this.terminated = true;
  }

  send(message: ReplyMessage): void {
    for (const listener of this.listeners.get("message") ?? []) listener({ data: message } as never);
  }

  breakDown(): void {
    for (const listener of this.listeners.get("error") ?? []) listener(new Event("error") as never);
  }

  kinds(): string[] {
    return this.received.map((message) => message.kind);
  }
}

function played(): { client: EngineClient; workers: PlayedWorker[]; crashes: EngineError[] } {
  const workers: PlayedWorker[] = [];
  const crashes: EngineError[] = [];
  const spawn = (): WorkerLike => {
    const worker = new PlayedWorker();
    workers.push(worker);
    return worker;
  };
  return { client: new EngineClient((error) => crashes.push(error), spawn, SITE), workers, crashes };
}

/** The same, with a worker that has started: the next request has the number 2. */
function running(): ReturnType<typeof played> {
  const all = played();
  void all.client.ready().catch(() => undefined);
  all.workers[0]!.send(result(1, { version: "1" }));
  all.workers[0]!.received.length = 0;
  return all;
}

function result(id: number, value: unknown): ReplyMessage {
  return { id, kind: "result", result: value as never };
}

const token = (id: number): WriteEvent => ({ kind: "token", id, text: String(id), logprob: -1 });
const finished = (reason: string): WriteEvent => ({ kind: "finished", reason, text: "" }) as never;

/** A worker that writes a token a batch, for ever or up to a number of them. */
function writer(most = Infinity): (message: RequestMessage) => ReplyMessage {
  let written = 0;
  return ({ id, kind }) => {
    if (kind === "start")
      return result(id, [{ kind: "started", seed: "1", promptTokens: 1, sessionLength: 8 }]);
    if (kind === "next") return result(id, written < most ? [token(written++)] : [finished("length")]);
    if (kind === "stop") return result(id, [finished("stopped")]);
    return result(id, null);
  };
}

/** The browser's locks: which are wanted, and a way to give the last one. */
function playedLocks(): { wanted: string[]; give: () => void } {
  const played = { wanted: [] as string[], give: (): void => undefined };
  const request = (name: string, _options: unknown, given: () => void): Promise<void> => {
    played.wanted.push(name);
    played.give = given;
    return Promise.resolve();
  };
  vi.stubGlobal("navigator", { locks: { request } });
  return played;
}

async function collect(events: AsyncIterable<WriteEvent>): Promise<WriteEvent[]> {
  const all: WriteEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe("starting", () => {
  test("two callers share one start, and both hear of its progress", async () => {
    const { client, workers } = played();
    const heard: string[] = [];
    const first = client.ready((progress) => heard.push(`first ${progress.step}`));
    workers[0]!.send({ id: 1, kind: "progress", progress: { step: "kernels", fraction: 0.1 } });
    const second = client.ready((progress) => heard.push(`second ${progress.step}`));
    workers[0]!.send(result(1, { version: "1" }));
    expect(await first).toEqual(await second);
    expect(workers[0]!.received).toMatchObject([{ id: 1, kind: "init", args: { base: SITE } }]);
    expect(heard).toEqual(["first kernels", "second kernels"]);
  });

  test("after a failed start the next call tries again", async () => {
    const { client, workers } = played();
    const first = client.ready();
    workers[0]!.send({ id: 1, kind: "error", error: { ...CRASH, code: "engine-start-failed" } });
    await expect(first).rejects.toMatchObject({ code: "engine-start-failed" });
    const second = client.ready();
    workers.at(-1)!.send(result(2, { version: "1" }));
    await expect(second).resolves.toEqual({ version: "1" });
  });
});

describe("requests", () => {
  test("answers find their requests by number, in any order", async () => {
    const { client, workers } = played();
    const first = client.storage();
    const second = client.storage("abc");
    const [, a, b] = workers[0]!.received;
    workers[0]!.send(result(b!.id, "second"));
    workers[0]!.send(result(a!.id, "first"));
    expect([await first, await second]).toEqual(["first", "second"]);
  });

  test("addresses of models count from the site, not from the worker", () => {
    const { client, workers } = played();
    void client.open({ source: { kind: "url", url: "models/a.gguf" }, pinned: null });
    expect(workers[0]!.received[1]).toMatchObject({ args: { source: { url: `${SITE}models/a.gguf` } } });
  });

  test("an error comes with code, sentence and verdict", async () => {
    const { client, workers } = played();
    const opening = client.open({ source: { kind: "url", url: "a" }, pinned: null });
    const verdict = {
      kind: "refused",
      expected: null,
      actual: null,
      sentence: "No.",
      registry: null,
    } as const;
    const error = { code: "digest-mismatch", message: "Other bytes.", details: { a: 1 }, verdict };
    workers[0]!.send({ id: 2, kind: "error", error });
    await expect(opening).rejects.toMatchObject(error);
  });

  test("the registry's answers follow the request that waits for them", async () => {
    const { client, workers } = played();
    const answers = { model: null, tokenizer: null };
    void client.open({ source: { kind: "url", url: "a" }, pinned: null }, undefined, undefined, Promise.resolve(answers)); // prettier-ignore
    expect(workers[0]!.received.at(-1)).toMatchObject({ id: 2, kind: "open", args: { asksRegistry: true } });
    await Promise.resolve();
    expect(workers[0]!.received.at(-1)).toEqual({ id: 2, kind: "registry", args: answers });
  });

  test("aborting sends a cancel with the number of the request", () => {
    const { client, workers } = played();
    const abort = new AbortController();
    void client
      .open({ source: { kind: "url", url: "a" }, pinned: null }, undefined, abort.signal)
      .catch(() => undefined);
    abort.abort();
    expect(workers[0]!.received.at(-1)).toEqual({ id: 2, kind: "cancel", args: null });
  });

  test("an aborted signal sends nothing", async () => {
    const { client, workers } = played();
    const opening = client.open(
      { source: { kind: "url", url: "a" }, pinned: null },
      undefined,
      AbortSignal.abort(),
    );
    await expect(opening).rejects.toMatchObject({ code: "cancelled" });
    expect(workers).toEqual([]);
  });
});

describe("writing", () => {
  test("the page pulls batch by batch until the end", async () => {
    const { client, workers } = running();
    const events = client.write(STORY);
    const pulled = events.next();
    workers[0]!.respond = writer(2);
    const { id } = workers[0]!.received[0]!;
    workers[0]!.send(result(id, [{ kind: "started", seed: "1" }]));
    await pulled;
    expect(workers[0]!.kinds()).toEqual(["start"]); // nothing is asked for before the page asks
    expect((await collect(events)).map((event) => event.kind)).toEqual(["token", "token", "finished"]);
    expect(workers[0]!.kinds()).toEqual(["start", "next", "next", "next"]);
  });

  test("a random seed is made before the request leaves", async () => {
    const { client, workers } = running();
    void client.write(STORY).next();
    await Promise.resolve();
    const start = workers[0]!.received[0]!;
    if (start.kind !== "start" || start.args.kind !== "new") throw new Error("no start");
    expect(start.args.sampler.seed).toMatch(/^\d{1,20}$/);
    expect(BigInt(start.args.sampler.seed)).toBeLessThan(2n ** 64n);
  });

  test("aborting the signal ends with the worker's last event", async () => {
    const { client, workers } = running();
    const abort = new AbortController();
    const kinds: string[] = [];
    const events = client.write(STORY, abort.signal);
    const first = events.next();
    workers[0]!.respond = writer();
    workers[0]!.send(result(2, [{ kind: "started", seed: "1" }]));
    await first;
    for await (const event of events) {
      kinds.push(event.kind);
      if (kinds.length === 3) abort.abort();
    }
    expect(kinds).toEqual(["token", "token", "token", "finished"]);
    expect(workers[0]!.kinds().at(-1)).toBe("stop");
  });

  test("leaving the loop stops the worker, and the next story may begin", async () => {
    const { client, workers } = running();
    const events = client.write(STORY);
    const first = events.next();
    workers[0]!.respond = writer(1);
    workers[0]!.send(result(2, [{ kind: "started", seed: "1" }]));
    await first;
    await events.return();
    expect(workers[0]!.kinds()).toEqual(["start", "stop"]);
    expect((await collect(client.write(STORY))).at(-1)).toMatchObject({ kind: "finished" });
  });

  test("two stories at once are one too many", async () => {
    const { client } = running();
    void client.write(STORY).next();
    await expect(client.write(STORY).next()).rejects.toMatchObject({ code: "busy" });
  });

  test("an error in the middle ends the story, and leaves the client usable", async () => {
    const { client, workers } = running();
    const events = collect(client.write(STORY));
    await Promise.resolve();
    workers[0]!.send({ id: 2, kind: "error", error: { ...CRASH, code: "prompt-too-long" } });
    await expect(events).rejects.toMatchObject({ code: "prompt-too-long" });
    workers[0]!.respond = writer(0);
    await expect(collect(client.write(STORY))).resolves.toHaveLength(2);
  });
});

describe("a crash", () => {
  test("rejects all that is pending, tells the page once, and the next call starts anew", async () => {
    const { client, workers, crashes } = played();
    const pending = [client.ready(), client.storage(), collect(client.write(STORY))];
    workers[0]!.send({ kind: "crash", error: CRASH });
    for (const promise of pending) await expect(promise).rejects.toMatchObject({ code: "engine-crashed" });
    expect(crashes.map((error) => error.code)).toEqual(["engine-crashed"]);
    expect(workers[0]!.terminated).toBe(true);
    void client.ready();
    expect(workers).toHaveLength(2);
  });

  test("of the worker itself has a sentence for a person", async () => {
    const { client, workers, crashes } = played();
    const ready = client.ready();
    workers[0]!.send({ id: 1, kind: "progress", progress: { step: "kernels", fraction: 0.1 } });
    workers[0]!.breakDown();
    await expect(ready).rejects.toMatchObject({ code: "engine-crashed" });
    expect(crashes[0]?.message).toMatch(/Your stories are safe/);
  });

  test("that nobody tells of is noticed by the lock that the worker no longer holds", async () => {
    const lock = playedLocks();
    const { client, workers, crashes } = played();
    const pending = client.ready().catch((thrown: EngineError) => thrown.code);
    expect(lock.wanted).toEqual([]); // the worker is to have it first
    workers[0]!.send({ id: 1, kind: "progress", progress: { step: "kernels", fraction: 0.1 } });
    const [init] = workers[0]!.received;
    expect(lock.wanted).toEqual([(init!.args as StartArgs).lock]);
    lock.give();
    expect(await pending).toBe("engine-crashed");
    expect([workers[0]!.terminated, crashes.length]).toEqual([true, 1]);
    void client.ready().catch(() => undefined);
    expect(workers).toHaveLength(2);
    client.close();
    vi.unstubAllGlobals();
  });

  test("is not suspected of a worker that computes for hours", async () => {
    vi.useFakeTimers();
    const { client, workers, crashes } = running();
    workers[0]!.respond = ({ id, kind }) => (kind === "start" ? result(id, []) : undefined);
    void client.write(STORY).next();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect([workers[0]!.kinds(), crashes, workers[0]!.terminated]).toEqual([["start", "next"], [], false]);
    vi.useRealTimers();
  });

  test("between two batches ends the story, and begins no engine without a model", async () => {
    const { client, workers, crashes } = running();
    workers[0]!.respond = writer();
    const events = client.write(STORY);
    await events.next();
    await events.next(); // a token; the page has it, and the worker owes nothing
    workers[0]!.send({ kind: "crash", error: CRASH });
    expect(crashes).toHaveLength(1);
    await expect(events.next()).rejects.toMatchObject({ code: "engine-crashed" });
    expect(workers).toHaveLength(1);
    void client.ready().catch(() => undefined); // another engine, which has no such story
    expect(workers).toHaveLength(2);
    expect(workers[1]!.kinds()).toEqual(["init"]);
  });

  test("of a script that never arrives is a start that failed", async () => {
    vi.useFakeTimers();
    const { client } = played();
    const ready = client.ready().catch((thrown: EngineError) => thrown.code);
    await vi.advanceTimersByTimeAsync(FIRST_WORD_MS);
    expect(await ready).toBe("engine-start-failed");
    vi.useRealTimers();
  });

  test("before the worker said anything is a start that failed", async () => {
    const { client, workers, crashes } = played();
    const ready = client.ready();
    workers[0]!.breakDown();
    await expect(ready).rejects.toMatchObject({ code: "engine-start-failed" });
    expect(crashes).toEqual([]);
    void client.ready();
    expect(workers).toHaveLength(2);
  });

  test("of a worker that was closed already is nobody's business", () => {
    const { client, workers, crashes } = played();
    client.ready().catch(() => undefined);
    client.close();
    workers[0]!.breakDown();
    expect(crashes).toEqual([]);
  });
});
