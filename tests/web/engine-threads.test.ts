// SPDX-License-Identifier: Apache-2.0
/** How many threads the engine gets: with real kernels on a real shared memory, and helpers whose part is played. */

import { readFile } from "node:fs/promises";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { Helpers } from "../../web/engine/memory/helpers";
import { makeArena } from "../../web/engine/memory/make-arena";
import { threadsOfDevice, type HelperLink, type HelperTask } from "../../web/engine/memory/team";
import type { WorkerLike } from "../../web/engine/rpc/requests";

const SITE = "https://example.org/tales/";

/** Where Team in kernels/run/team.c has the seconds after which a helper is given up. */
const PATIENCE = 32;

/** What a helper does once it is told its task. */
type Part = (helper: PlayedHelper) => void;

const ready: Part = (helper) => helper.tell("message", { data: "ready" });
const broken: Part = (helper) => helper.tell("error", { message: "no such script" });
const silent: Part = () => undefined;

let helpers: PlayedHelper[] = [];
let part: (index: number) => Part = () => ready;
let fetched: string[] = [];
/** The page, and the way to it, which is a message in a browser. */
let page = new Helpers(() => new PlayedHelper());
const link: HelperLink = {
  want: (tasks) => page.replace(tasks, (failure) => link.report(failure)),
  report: () => undefined,
};

class PlayedHelper implements WorkerLike {
  terminated = false;
  private readonly listeners = new Map<string, (event: never) => void>();

  constructor() {
    helpers.push(this);
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.listeners.set(type, listener);
  }

  postMessage({ index }: HelperTask): void {
    queueMicrotask(() => part(index)(this));
  }

  terminate(): void {
    this.terminated = true;
  }

  tell(type: string, event: unknown): void {
    this.listeners.get(type)?.(event as never);
  }
}

function onDevice(cores: number, isolated = true): void {
  vi.stubGlobal("navigator", { hardwareConcurrency: cores });
  vi.stubGlobal("crossOriginIsolated", isolated);
}

beforeEach(() => {
  helpers = [];
  fetched = [];
  part = () => ready;
  page = new Helpers(() => new PlayedHelper());
  vi.unstubAllGlobals();
  vi.stubGlobal("fetch", async (url: URL) => {
    const name = url.href.slice(SITE.length);
    fetched.push(name);
    return new Response(await readFile(`build/${name}`));
  });
});

describe("threads of a device", () => {
  test.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [8, 8],
    [64, 8],
  ])("with %i hardware threads are %i", (cores, threads) => {
    onDevice(cores);
    expect(threadsOfDevice()).toBe(threads);
  });

  test("that does not say are one", () => {
    vi.stubGlobal("navigator", {});
    expect(threadsOfDevice()).toBe(1);
  });
});

describe("the arena", () => {
  test.each([0, 1])("on a device of %i hardware threads has one, without a note", async (cores) => {
    onDevice(cores);
    const { arena, reason } = await makeArena(SITE, link);
    expect([arena.threads, reason, helpers.length]).toEqual([1, null, 0]);
    expect(fetched).toEqual([expect.not.stringContaining("shared")]);
  });

  test("on a device of 64 hardware threads has eight, each helper with a stack of its own", async () => {
    onDevice(64);
    const { arena, reason } = await makeArena(SITE, link);
    expect([arena.threads, reason]).toEqual([8, null]);
    expect(helpers).toHaveLength(7);
    expect(arena.base).toBeLessThanOrEqual(arena.size);
    expect(fetched).toEqual([expect.stringContaining("shared")]);
  });

  test("of a page that is not isolated has one thread, and says so", async () => {
    onDevice(4, false);
    const { arena, reason } = await makeArena(SITE, link);
    expect([arena.threads, helpers.length]).toEqual([1, 0]);
    expect(reason).toContain("not isolated");
    expect(fetched).toEqual([expect.not.stringContaining("shared")]);
  });

  test("of a browser without SharedArrayBuffer has one thread, and says so", async () => {
    onDevice(4);
    vi.stubGlobal("SharedArrayBuffer", undefined);
    const { arena, reason } = await makeArena(SITE, link);
    expect([arena.threads, helpers.length]).toEqual([1, 0]);
    expect(reason).toBe("this browser has no shared memory");
  });

  test("has one thread where one of its helpers fails, and ends the others", async () => {
    onDevice(4);
    part = (index) => (index === 2 ? broken : ready);
    const { arena, reason } = await makeArena(SITE, link);
    expect(arena.threads).toBe(1);
    expect(reason).toBe("a helper failed to start: no such script");
    expect(helpers.map((helper) => helper.terminated)).toEqual([true, true, true]);
  });

  test("does not wait for a helper that says nothing", async () => {
    onDevice(2);
    part = () => silent;
    vi.useFakeTimers();
    try {
      const made = makeArena(SITE, link);
      await vi.waitFor(() => expect(helpers).toHaveLength(1));
      await vi.advanceTimersByTimeAsync(60_000);
      expect(await made).toMatchObject({ arena: { threads: 1 }, reason: "a helper did not start in time" });
    } finally {
      vi.useRealTimers();
    }
  });

  test("waits for helpers as long as one after the other starts", async () => {
    onDevice(4);
    const seconds = (index: number): number => 20_000 * index; // the last one after a minute
    part = (index) => (helper) => void setTimeout(() => ready(helper), seconds(index));
    vi.useFakeTimers();
    try {
      const made = makeArena(SITE, link);
      await vi.waitFor(() => expect(vi.getTimerCount()).toBe(4));
      await vi.advanceTimersByTimeAsync(60_000);
      expect(await made).toMatchObject({ arena: { threads: 4 }, reason: null });
    } finally {
      vi.useRealTimers();
    }
  });

  test("has one thread where workers are forbidden", async () => {
    onDevice(4);
    page = new Helpers(() => {
      throw new Error("workers are forbidden here");
    });
    const { arena, reason } = await makeArena(SITE, link);
    expect([arena.threads, reason]).toEqual([1, "workers are forbidden here"]);
  });

  test("has one thread where the kernels for shared memory cannot be had", async () => {
    onDevice(4);
    const fetchAny = fetch;
    vi.stubGlobal("fetch", (url: URL) =>
      url.href.includes("shared") ? Promise.resolve(new Response(null, { status: 404 })) : fetchAny(url),
    );
    const { arena, reason } = await makeArena(SITE, link);
    expect([arena.threads, helpers.length]).toEqual([1, 0]);
    expect(reason).toContain("could not be loaded");
  });

  test("gives a program up where a helper is gone, instead of waiting for ever", async () => {
    onDevice(2);
    const { arena } = await makeArena(SITE, link); // its helper said that it was ready, and is never heard of again
    const team = new DataView(arena.view(0, arena.size).buffer, arena.team);
    expect(team.getUint32(PATIENCE, true)).toBeGreaterThan(1);
    team.setUint32(PATIENCE, 1, true);
    const run = arena.exports.run_program as (...words: number[]) => void;
    expect(() => run(0, 0, 0, arena.team, 2)).toThrow(WebAssembly.RuntimeError);
    run(0, 0, 0, arena.team, 1); // alone it can do without
  });

  test("says no to more memory than there is, and stays as it was", async () => {
    onDevice(1);
    const { arena } = await makeArena(SITE, link);
    arena.put(arena.base, new Uint8Array([7]));
    const { size } = arena;
    expect(arena.ensure(2 ** 33)).toBe(false);
    expect([arena.size, arena.view(arena.base, 1)[0]]).toEqual([size, 7]);
    expect(arena.ensure(size + 1)).toBe(true);
  });
});
