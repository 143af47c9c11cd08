// SPDX-License-Identifier: Apache-2.0
/** The page's side of the service worker: what it asks, when it loads anew, and what it does without one. */
import { describe, expect, test, vi } from "vitest";
import { Offline } from "../../../web/app/lib/offline.svelte";
import type { OfflineReply, OfflineRequest } from "../../../web/offline/messages";

class Worker extends EventTarget {
  readonly heard: OfflineRequest[] = [];
  state = "installing";
  constructor(public reply: OfflineReply["kind"]) {
    super();
  }
  postMessage(request: OfflineRequest, [port]: MessagePort[]): void {
    this.heard.push(request);
    port!.postMessage({ kind: this.reply, count: 2 });
  }
}

class Registration extends EventTarget {
  active: Worker | null = new Worker("kept");
  waiting: Worker | null = null;
  installing: Worker | null = null;
}

class Workers extends EventTarget {
  readonly registration = new Registration();
  readonly ready = Promise.resolve(this.registration);
  readonly registered: unknown[] = [];
  controller = null;
  register(...args: unknown[]): Promise<Registration> {
    this.registered.push(args);
    return Promise.resolve(this.registration);
  }
}

const BASE = "https://tales.test/below/";

function page(persist = true): {
  offline: Offline;
  workers: Workers;
  reload: () => void;
  storage: { persist(): Promise<boolean> };
} {
  const workers = new Workers();
  const reload = vi.fn();
  const storage = { persist: vi.fn(async () => persist), persisted: async () => false };
  const offline = new Offline(BASE, workers as unknown as ServiceWorkerContainer, storage, reload);
  return { offline, workers, reload, storage };
}

function session(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  } as unknown as Storage;
}

describe("isolation", () => {
  test("a worker that is held back is not waited for", async () => {
    vi.useFakeTimers();
    const { offline, workers, reload } = page();
    Object.assign(workers, { ready: new Promise(() => undefined) });
    const isolated = offline.isolate(false, session());
    await vi.advanceTimersByTimeAsync(5000);
    expect(await isolated).toBe(false);
    expect(reload).not.toHaveBeenCalled();
    vi.useRealTimers();
  });

  test("loads the page once more, and not again in the same tab", async () => {
    const { offline, workers, reload } = page();
    const tab = session();
    expect(await offline.isolate(false, tab)).toBe(true);
    expect(workers.registered).toEqual([[`${BASE}sw.js`, { scope: BASE, updateViaCache: "none" }]]);
    expect(await offline.isolate(false, tab)).toBe(false);
    expect(reload).toHaveBeenCalledTimes(1);
  });

  test("is left alone where the host sees to it, and where there are no workers", async () => {
    const { offline, reload } = page();
    expect(await offline.isolate(true, session())).toBe(false);
    expect(await new Offline(BASE, undefined, undefined, reload).isolate(false, session())).toBe(false);
    expect(reload).not.toHaveBeenCalled();
  });
});

describe("a new version", () => {
  test("is offered once it is there, and used when asked for", async () => {
    const { offline, workers, reload } = page();
    await offline.keep(`${BASE}assets/index.js`);
    expect([offline.kept, offline.offered]).toEqual([true, false]);
    expect(workers.registration.active!.heard).toEqual([{ kind: "keep", script: `${BASE}assets/index.js` }]);

    const fresh = (workers.registration.installing = new Worker("taken-over"));
    workers.registration.dispatchEvent(new Event("updatefound"));
    expect(offline.offered).toBe(false);
    fresh.state = "installed";
    fresh.dispatchEvent(new Event("statechange"));
    expect(offline.offered).toBe(true);
    workers.registration.waiting = fresh;
    workers.dispatchEvent(new Event("controllerchange")); // by another tab: nothing that this one asked for
    expect(reload).not.toHaveBeenCalled();
    await offline.takeOver();
    workers.dispatchEvent(new Event("controllerchange"));
    expect(reload).toHaveBeenCalledTimes(1);
  });

  test("waits for other tabs", async () => {
    const { offline, workers, reload } = page();
    workers.registration.waiting = new Worker("other-tabs");
    await offline.keep(BASE);
    expect(offline.offered).toBe(true);
    await offline.takeOver();
    expect(offline.otherTabs).toBe(2);
    workers.dispatchEvent(new Event("controllerchange"));
    expect(reload).not.toHaveBeenCalled();
    offline.later();
    expect(offline.offered).toBe(false);
  });

  test("is what a page is offered that is older than its worker", async () => {
    const { offline, workers, reload } = page();
    workers.registration.active!.reply = "other-version";
    await offline.keep(BASE);
    expect([offline.kept, offline.offered]).toEqual([false, true]);
    await offline.takeOver();
    expect(reload).toHaveBeenCalledTimes(1);
  });
});

describe("what is kept", () => {
  test.each([
    [true, "promised"],
    [false, "refused"],
  ])("is asked for once; %s is shown as %s", async (answer, shown) => {
    const { offline, storage } = page(answer);
    await offline.persist();
    await offline.persist();
    expect(offline.persistence).toBe(shown);
    expect(storage.persist).toHaveBeenCalledTimes(1);
  });

  test("has no word where the browser has none", async () => {
    const offline = new Offline(BASE, undefined, undefined);
    await offline.persist();
    await offline.lookUp();
    await offline.keep(BASE);
    expect([offline.persistence, offline.kept]).toEqual([null, false]);
  });
});
