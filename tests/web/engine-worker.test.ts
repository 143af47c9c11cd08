// SPDX-License-Identifier: Apache-2.0
/** The worker's queue: a request that waits for its turn hears of Stop. The engine behind it is played. */

import { beforeEach, expect, test, vi } from "vitest";
import type { RequestMessage } from "../../web/engine/protocol";
import { modelAt } from "../requests";

const opened: unknown[] = [];
let endBatch: (events: never[]) => void = () => undefined;

vi.mock("../../web/engine/worker/host", () => ({
  EngineHost: class {
    next(): Promise<never[]> {
      return new Promise((resolve) => (endBatch = resolve));
    }
    open(request: unknown): Promise<{ kind: string }> {
      opened.push(request);
      return Promise.resolve({ kind: "ready" });
    }
  },
}));

let say: (message: RequestMessage) => void = () => undefined;
let replies: { id: number; kind: string; error?: { code: string } }[] = [];

beforeEach(async () => {
  opened.length = 0;
  replies = [];
  vi.resetModules();
  vi.stubGlobal("self", {
    addEventListener: (type: string, listener: (event: { data: RequestMessage }) => void) => {
      if (type === "message") say = (data) => listener({ data });
    },
    postMessage: (message: never) => replies.push(message),
  });
  await import("../../web/engine/worker/worker");
});

const OPEN = modelAt("https://example.org/a.gguf");

test("a cancel for a request that waits for its turn is answered before that: nothing is downloaded for it", async () => {
  say({ id: 1, kind: "next", args: null });
  say({ id: 2, kind: "open", args: OPEN });
  say({ id: 3, kind: "open", args: OPEN });
  await Promise.resolve();
  say({ id: 2, kind: "cancel", args: null });
  await vi.waitFor(() => expect(replies).toHaveLength(1));
  endBatch([]);
  await vi.waitFor(() => expect(replies).toHaveLength(3));
  expect(replies.map(({ id, kind, error }) => [id, kind, error?.code])).toEqual([
    [2, "error", "cancelled"],
    [1, "result", undefined],
    [3, "result", undefined],
  ]);
  expect(opened).toHaveLength(1);
});

test("a cancel that comes too late, or for nobody, does nothing", async () => {
  say({ id: 9, kind: "cancel", args: null });
  say({ id: 1, kind: "open", args: OPEN });
  await vi.waitFor(() => expect(replies).toHaveLength(1));
  say({ id: 1, kind: "cancel", args: null });
  expect(replies[0]).toMatchObject({ id: 1, kind: "result" });
});
