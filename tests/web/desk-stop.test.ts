// SPDX-License-Identifier: Apache-2.0
/** What the desk says and does at Stop. */

import { beforeEach, expect, it, vi } from "vitest";
import { EngineError } from "../../web/engine/errors";
import type { Story } from "../../web/app/lib/story";
import { makeDesk } from "./make-desk";
import { finished, PlayedEngine, READY, tokens } from "./played-engine";

let port: PlayedEngine;
let kept: Map<string, Story>;

beforeEach(() => {
  port = new PlayedEngine();
  kept = new Map();
});

it("Stop is said for eyes at once, then with what it leaves, until something else is begun", async () => {
  const { desk, notices } = makeDesk(port, kept);
  const sentence = "Stopped; 67.0 MB of model.gguf are kept, and the next attempt goes on from there.";
  port.open = (_request, _progress, signal) =>
    new Promise((_, reject) =>
      signal?.addEventListener("abort", () =>
        setTimeout(() => reject(new EngineError({ code: "download-stopped", message: sentence }))),
      ),
    );
  const written = desk.write();
  await expect.poll(() => desk.phase).toBe("preparing");
  desk.stop();
  expect(notices.stopped).toBe("Stopped.");
  await written;
  expect([desk.phase, notices.current, notices.stopped]).toEqual(["blank", null, sentence]);
  port.open = async () => READY;
  port.stories = [[...tokens(" a"), finished(1)]];
  await desk.write();
  expect([desk.text, notices.stopped]).toEqual(["Once upon a time a", null]);
});

it("Stop works while the list of models, or the chain's description, never comes", async () => {
  const { desk, models, notices } = makeDesk(port, kept);
  models.choice = null;
  vi.stubGlobal("fetch", () => new Promise<Response>(() => undefined));
  void models.loadCatalogue();
  const written = desk.write();
  desk.stop();
  await written;
  expect([desk.phase, models.opening, notices.stopped]).toEqual([
    "blank",
    false,
    "Stopped before it was done, as you asked.",
  ]);
  vi.unstubAllGlobals();
});

it("a story that had to be broken off at Stop ends there, and nothing is lost", async () => {
  const { desk, notices } = makeDesk(port, kept);
  port.stories = [[...tokens(" a", " b"), finished(2)]];
  port.before = (event) => {
    if (event.kind !== "finished") return;
    desk.stop();
    throw new EngineError({ code: "engine-stopped", message: "It was ended." });
  };
  await desk.write();
  expect([desk.phase, desk.text, desk.reason, desk.canResume]).toEqual([
    "ended",
    "Once upon a time a b",
    "stopped",
    false,
  ]);
  expect(notices.current?.error.code).toBe("engine-stopped");
  expect([...kept.values()][0]?.takes).toMatchObject([{ text: " a b", finishReason: "stopped" }]);
});
