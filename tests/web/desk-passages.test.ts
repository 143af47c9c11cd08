// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from "vitest";
import type { Desk } from "../../web/app/features/write/desk.svelte";
import { readingText, type Story } from "../../web/app/lib/story";
import { EngineError } from "../../web/engine/errors";
import type { WriteRequest } from "../../web/engine/protocol";
import { makeDesk } from "./make-desk";
import { finished, MODEL, PlayedEngine, READY, tokens } from "./played-engine";

let port: PlayedEngine;
let kept: Map<string, Story>;

const only = () => [...kept.values()][0];
/** What the shelf has of it, the opening included. */
const text = () => only() && readingText(only()!);

/** A model that has a chat form. */
const CHATTY = { ...READY, model: { ...MODEL, hasChatTemplate: true } };

/** Types over what stands between two places, as the editor on the screen does. */
function edit({ manuscript }: Desk, from: number, to: number, insert: string): void {
  manuscript.adopt(manuscript.state.update({ changes: { from, to, insert } }).state);
}

beforeEach(() => {
  port = new PlayedEngine();
  kept = new Map();
});

describe("passages", () => {
  /** A desk whose model writes these texts, one after the other. */
  function deskOf(...written: string[]) {
    port.stories = written.map((words) => [...tokens(words), finished(1, "stop")]);
    return makeDesk(port, kept);
  }

  const asked = (i: number) => port.written[i] as Extract<WriteRequest, { kind: "new" }>;
  const takes = () => only()?.takes.map((take) => take.text);

  it("of the model go on from all that stands there, edited or not, each with a prompt of its own", async () => {
    const { desk, settings } = deskOf(" a fox", " ran");
    settings.change({ maxTokens: "60" });
    await desk.write();
    edit(desk, 0, 4, "Twice");
    await desk.write();
    expect(asked(1).prompt).toBe("Twice upon a time a fox");
    expect(asked(1).passages).toEqual([0, 17]);
    expect([desk.text, text()]).toEqual(["Twice upon a time a fox ran", "Twice upon a time a fox ran"]);
    expect(only()?.takes.map((take) => take.prompt)).toEqual(["Once upon a time", "Twice upon a time a fox"]);
    expect(kept.size).toBe(1);
  });

  it("are tried again with another seed; each try can be chosen, and undone", async () => {
    const { desk, settings } = deskOf(" a fox", " a hen");
    settings.change({ seedKind: "fixed", seed: "7" });
    await desk.write();
    await desk.tryAgain();
    expect([asked(0).sampler.seed, asked(1).sampler.seed]).toEqual(["7", null]);
    expect([asked(1).prompt, desk.text]).toEqual(["Once upon a time", "Once upon a time a hen"]);
    desk.chooseTry(0);
    expect(desk.text).toBe("Once upon a time a fox");
    desk.manuscript.undo();
    expect(desk.text).toBe("Once upon a time a hen");
    desk.manuscript.undo();
    expect(desk.text).toBe("Once upon a time a fox");
    desk.saveNow();
    await expect.poll(text).toBe("Once upon a time a fox");
    expect(takes()).toEqual([" a fox", " a hen"]);
  });

  it("that stay without a word leave what stood there", async () => {
    const { desk } = deskOf(" a fox", "");
    await desk.write();
    port.stories = [new EngineError({ code: "engine-crashed", message: "It broke." })];
    await desk.tryAgain();
    expect([desk.phase, desk.text, takes()]).toEqual(["ended", "Once upon a time a fox", [" a fox"]]);
  });

  it("follow the model's own form where it has one, and the memory and the note go along", async () => {
    const { desk } = deskOf(" a fox", " ran");
    port.opens = [CHATTY];
    desk.remind({ memory: "The fox is red.", note: { text: "Sad.", depth: 2 } });
    await desk.write();
    expect(asked(0)).toMatchObject({
      mode: "story",
      memory: "The fox is red.",
      note: { text: "Sad.", depth: 2 },
    });
    expect(only()).toMatchObject({ memory: "The fox is red.", takes: [{ settings: { mode: "story" } }] });
  });

  it("on request stand by themselves, and go on as a story", async () => {
    const { desk, settings } = deskOf("A fox", " ran", "A hen");
    port.opens = [CHATTY];
    settings.change({ mode: "chat" });
    desk.changeOpening("Tell of a fox.");
    await desk.write();
    expect([asked(0).mode, asked(0).prompt, desk.text]).toEqual(["chat", "Tell of a fox.", "A fox"]);
    await desk.write();
    expect([asked(1).mode, asked(1).prompt, desk.text]).toEqual(["story", "A fox", "A fox ran"]);
    desk.manuscript.undo();
    await desk.tryAgain();
    expect([asked(2).mode, asked(2).prompt, desk.text]).toEqual(["chat", "Tell of a fox.", "A hen"]);
    expect(only()?.request).toBe("Tell of a fox.");
  });

  it("are gone on with after the page was left, and on the shelf", async () => {
    const first = deskOf(" a fox");
    await first.desk.write();
    const later = makeDesk(port, kept);
    later.desk.changeOpening("");
    port.stories = [[...tokens(" ran"), finished(1)]];
    await later.shelf.load();
    later.desk.takeUp(later.shelf.stories[0]!);
    expect([later.desk.phase, later.desk.text]).toEqual(["ended", "Once upon a time a fox"]);
    await later.desk.write();
    expect([kept.size, text()]).toEqual([1, "Once upon a time a fox ran"]);
    later.desk.letGo(only()!.id);
    expect([later.desk.phase, later.desk.text]).toEqual(["blank", ""]);
  });
});
