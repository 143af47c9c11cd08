// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { collect, CRASH, played, result, running, SITE, STORY, writer } from "./played-client";
import { modelAt } from "../requests";

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
    void client.open(modelAt("models/a.gguf"));
    expect(workers[0]!.received[1]).toMatchObject({
      args: { sources: [{ source: { url: `${SITE}models/a.gguf` } }] },
    });
  });

  test("an error comes with code, sentence and verdict", async () => {
    const { client, workers } = played();
    const opening = client.open(modelAt("a"));
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
    void client.open(modelAt("a"), undefined, undefined, Promise.resolve(answers)); // prettier-ignore
    expect(workers[0]!.received.at(-1)).toMatchObject({ id: 2, kind: "open", args: { asksRegistry: true } });
    await Promise.resolve();
    expect(workers[0]!.received.at(-1)).toEqual({ id: 2, kind: "registry", args: answers });
  });

  test("aborting sends a cancel with the number of the request", () => {
    const { client, workers } = played();
    const abort = new AbortController();
    void client.open(modelAt("a"), undefined, abort.signal).catch(() => undefined);
    abort.abort();
    expect(workers[0]!.received.at(-1)).toEqual({ id: 2, kind: "cancel", args: null });
  });

  test("an aborted signal sends nothing", async () => {
    const { client, workers } = played();
    const opening = client.open(modelAt("a"), undefined, AbortSignal.abort());
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
