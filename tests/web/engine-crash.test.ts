// SPDX-License-Identifier: Apache-2.0
/** An engine that breaks, dies without a word, or never comes. */

import { describe, expect, test, vi } from "vitest";
import { FIRST_WORD_MS } from "../../web/engine/client";
import type { EngineError } from "../../web/engine/errors";
import type { StartArgs } from "../../web/engine/protocol";
import { collect, CRASH, played, result, running, STORY, writer } from "./played-client";

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

  test("is not suspected of one that starts for an hour on a busy device", async () => {
    vi.useFakeTimers();
    const { client, workers, crashes } = played();
    const ready = client.ready();
    await vi.advanceTimersByTimeAsync(FIRST_WORD_MS - 1);
    workers[0]!.send({ id: 1, kind: "progress", progress: { step: "script", fraction: 0 } });
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect([crashes, workers[0]!.terminated]).toEqual([[], false]);
    workers[0]!.send(result(1, "info"));
    expect(await ready).toBe("info");
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

  test("is not suspected because the device slept before the worker's first word", async () => {
    vi.useFakeTimers();
    const { client, workers } = played();
    const ready = client.ready();
    await vi.runOnlyPendingTimersAsync(); // as at waking: what is due is called once, and nothing that it begins
    workers[0]!.send(result(1, "info"));
    expect(await ready).toBe("info");
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
