// SPDX-License-Identifier: Apache-2.0
/**
 * The page without a network: its service worker, a new version of the site, and whether the browser promises to keep stories.
 *
 * In: what the browser has of service workers and storage. Out: what the page shows of it. A browser without either is not an
 * error: the page then needs the network each time.
 */

import type { OfflineReply, OfflineRequest } from "../../offline/messages";

const TRIED_KEY = "taleproof.isolation";

type Workers = Pick<ServiceWorkerContainer, "register" | "ready" | "controller" | "addEventListener">;

/** What the browser answered when it was asked to keep what is here even where room is short; null before it was asked. */
export type Persistence = "promised" | "refused" | null;

/** A worker that does not come, as where an extension holds it back, is not waited for any longer. */
const READY_MS = 5000;

function inTime(ready: Promise<unknown>): Promise<boolean> {
  return Promise.race([
    ready.then(() => true),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(false), READY_MS)),
  ]);
}

/**
 * None in Firefox: once a service worker takes over the page there, a download of the engine's worker never begins (seen in 153).
 * The page then needs the network each time, and a host that isolates it to use several threads.
 */
function usableWorkers(): Workers | undefined {
  const { navigator } = globalThis;
  return navigator?.userAgent.includes("Firefox/") ? undefined : navigator?.serviceWorker;
}

export class Offline {
  /** Whether all of the site is in this browser. */
  kept = $state(false);
  /** Whether a new version of the site waits to be used. */
  offered = $state(false);
  /** How many other tabs have the site open, where that kept a new version from being used. */
  otherTabs = $state(0);
  persistence = $state<Persistence>(null);
  private registration: ServiceWorkerRegistration | null = null;
  /** Whether the person has asked for the new version in this tab. */
  private taking = false;

  constructor(
    private readonly base: string,
    private readonly workers: Workers | undefined = usableWorkers(),
    private readonly storage: Pick<StorageManager, "persist" | "persisted"> | undefined = globalThis.navigator
      ?.storage,
    private readonly reload: () => void = () => location.reload(),
  ) {}

  /**
   * Where the host does not isolate the page, loads it once more through the service worker, which does.
   *
   * @returns whether it is about to be loaded again, so that nothing else is to be begun.
   */
  async isolate(isIsolated: boolean, tried: Pick<Storage, "getItem" | "setItem">): Promise<boolean> {
    if (isIsolated || this.workers === undefined) return false;
    try {
      if (tried.getItem(TRIED_KEY) !== null) return false;
      tried.setItem(TRIED_KEY, "yes"); // once in a tab: there are browsers in which it does not help
      await this.register();
      if (!(await inTime(this.workers.ready))) return false;
    } catch {
      return false;
    }
    this.reload();
    return true;
  }

  /**
   * Keeps the site in this browser, and looks for a new version of it.
   *
   * @param script the address of a script of the page, which tells the worker its version.
   */
  async keep(script: string): Promise<void> {
    if (this.workers === undefined) return;
    try {
      const registration = await this.register();
      await this.workers.ready;
      this.watch(registration);
      const reply = await ask(registration.active, { kind: "keep", script });
      this.kept = reply.kind === "kept";
      if (reply.kind === "other-version") this.offered = true;
    } catch {
      // Without it the page is as it would be in a browser that has no service workers.
    }
  }

  /** Uses the new version, unless another tab has the site open: that one would be of two versions. */
  async takeOver(): Promise<void> {
    const waiting = this.registration?.waiting;
    if (!waiting) return this.reload();
    this.taking = true;
    const reply = await ask(waiting, { kind: "take-over" });
    this.taking = reply.kind === "taken-over";
    this.otherTabs = reply.kind === "other-tabs" ? reply.count : 0;
  }

  later(): void {
    this.offered = false;
  }

  /** Asks the browser, once, to keep what is here even where room is short. */
  async persist(): Promise<void> {
    if (this.persistence !== null || this.storage === undefined) return;
    try {
      this.persistence = (await this.storage.persist()) ? "promised" : "refused";
    } catch {
      // It has no word for it.
    }
  }

  /** What it has answered on an earlier visit. */
  async lookUp(): Promise<void> {
    if (await this.storage?.persisted().catch(() => false)) this.persistence = "promised";
  }

  private async register(): Promise<ServiceWorkerRegistration> {
    const { workers, base } = this;
    if (workers === undefined) throw new Error("no service workers");
    this.registration ??= await workers.register(`${base}sw.js`, {
      scope: base,
      updateViaCache: "none",
    });
    return this.registration;
  }

  private watch(registration: ServiceWorkerRegistration): void {
    if (registration.waiting) this.offered = true;
    this.workers?.addEventListener("controllerchange", () => {
      if (this.taking) this.reload();
    });
    registration.addEventListener("updatefound", () => {
      const fresh = registration.installing;
      fresh?.addEventListener("statechange", () => {
        if (fresh.state === "installed" && registration.active !== null) this.offered = true;
      });
    });
  }
}

function ask(worker: ServiceWorker | null, request: OfflineRequest): Promise<OfflineReply> {
  if (worker === null) return Promise.resolve({ kind: "failed" });
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event: MessageEvent<OfflineReply>) => {
      resolve(event.data);
      port1.close();
    };
    worker.postMessage(request, [port2]);
  });
}
