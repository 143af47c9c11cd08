// SPDX-License-Identifier: Apache-2.0
/** The start of the real engine's host, as far as it goes where no file arrives. */

import { expect, test, vi } from "vitest";
import { EngineHost } from "../../web/engine/worker/host";

const helpers = { want: (): undefined => undefined, report: (): undefined => undefined };

test("the first word comes before any file does, and with the lock held", async () => {
  const held: string[] = [];
  const request = (name: string, whenGiven: () => Promise<never>): Promise<never> => {
    held.push(name);
    return whenGiven();
  };
  vi.stubGlobal("navigator", { hardwareConcurrency: 8, locks: { request } });
  vi.stubGlobal("crossOriginIsolated", true);
  vi.stubGlobal("fetch", () => new Promise<never>(() => undefined));
  const told = await new Promise((tell) => {
    const args = { base: "https://example.org/", lock: "engine", interrupts: null };
    void new EngineHost(helpers).init(args, (progress) => tell({ ...progress, held: [...held] }));
  });
  expect(told).toEqual({ step: "script", fraction: 0, held: ["engine"] });
  vi.unstubAllGlobals();
});

test("a request that comes right after the start waits for it", async () => {
  vi.stubGlobal("navigator", { hardwareConcurrency: 8 });
  vi.stubGlobal("crossOriginIsolated", true);
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  const host = new EngineHost(helpers);
  const started = host.init(
    { base: "https://example.org/", lock: "engine", interrupts: null },
    () => undefined,
  );
  const asked = host.useThreads(2);
  const [first, second] = await Promise.allSettled([started, asked]);
  expect(first.status).toBe("rejected");
  expect(second).toEqual(first); // and not that the engine was never started
  vi.unstubAllGlobals();
});
