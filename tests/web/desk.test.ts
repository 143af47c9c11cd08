// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { EngineError } from "../../web/engine/errors";
import { chooseOwn, ownFile } from "../../web/app/lib/choice";
import { readingText, type Story } from "../../web/app/lib/story";
import { makeDesk } from "./make-desk";
import {
  acceptedOf,
  finished,
  PlayedEngine,
  READY,
  stats,
  tokens,
  unaccepted,
  verdict,
} from "./played-engine";
import { at } from "../requests";

let port: PlayedEngine;
let kept: Map<string, Story>;

const only = () => [...kept.values()][0];
/** What the shelf has of it, the opening included. */
const text = () => only() && readingText(only()!);

beforeEach(() => {
  port = new PlayedEngine();
  kept = new Map();
});

describe("writing", () => {
  it("opens the model, streams the words and shelves the story with the seed that was used", async () => {
    const { desk, engine } = makeDesk(port, kept);
    await engine.start();
    port.stories = [[...tokens(" there", " was"), { kind: "stats", stats: stats(2) }, finished(2)]];
    await desk.write();
    expect([desk.phase, desk.text, desk.reason]).toEqual(["ended", "Once upon a time there was", "length"]);
    expect(only()).toMatchObject({
      request: null,
      passages: [
        { author: "person", text: "Once upon a time" },
        { author: "model", from: 0, to: 10, take: only()?.takes[0]?.id, tries: [only()?.takes[0]?.id] },
      ],
      takes: [
        {
          state: "finished",
          prompt: "Once upon a time",
          text: " there was",
          tokens: 2,
          promptTokens: 3,
          finishReason: "length",
          settings: { sampler: { seed: "777" } },
          model: { address: "https://example.org/model.gguf", verdict: "pinned" },
          engine: { version: "0.1.0", numericsVersion: 1 },
          record: { tokens: 2 },
        },
      ],
    });
  });

  it("tells the date that a chat template asked for, and forgets it with the story", async () => {
    const { desk, engine } = makeDesk(port, kept);
    await engine.start();
    port.date = "2026-02-03";
    port.stories = [[...tokens(" there"), finished(1)]];
    await desk.write();
    expect(desk.date).toBe("2026-02-03");
    desk.startAgain();
    expect(desk.date).toBeNull();
  });

  it("waits for the list of models where the person is quicker than it", async () => {
    const { desk, models } = makeDesk(port, kept);
    models.choice = null;
    let answer: (response: Response) => void = () => undefined;
    vi.stubGlobal("fetch", () => new Promise<Response>((resolve) => (answer = resolve)));
    void models.loadCatalogue();
    port.stories = [[...tokens(" there"), finished(1)]];
    const written = desk.write();
    answer(new Response(await readFile("public/models.json")));
    await written;
    expect([desk.phase, models.open?.choice.request.sources[0]?.source.kind]).toEqual(["ended", "url"]);
    vi.unstubAllGlobals();
  });

  it("saves the story before it ends", async () => {
    const { desk } = makeDesk(port, kept);
    port.stories = [[...tokens(" one", " two", " three"), finished(3)]];
    let early: Story | undefined;
    port.before = (event) => (early ??= event.kind === "finished" ? undefined : only());
    await desk.write();
    expect(early?.takes[0]).toMatchObject({ state: "writing" });
    expect(early?.takes[0]?.text).toContain("one");
  });

  it("goes on writing and saving in a tab that is hidden, where no frame is ever drawn", async () => {
    const page = { hidden: false };
    vi.stubGlobal("document", page);
    vi.stubGlobal("requestAnimationFrame", () => 0);
    vi.useFakeTimers();
    const { desk } = makeDesk(port, kept);
    port.stories = [[...tokens(" one", " two", " three", " four"), finished(4)]];
    const seen: string[] = [];
    port.before = (event) => {
      seen.push(only()?.takes[0]?.text ?? "");
      if (event.kind === "token" && event.id === 2) {
        page.hidden = true; // " one" and " two" wait for a frame that does not come any more
        desk.saveNow();
      }
      if (event.kind === "token" && event.id === 3) vi.advanceTimersByTime(1000);
    };
    await desk.write();
    vi.useRealTimers();
    vi.unstubAllGlobals();
    expect(seen.slice(0, 3)).toEqual(["", "", ""]);
    expect(seen.slice(3)).toEqual([" one two", " one two three"]);
    const whole = "Once upon a time one two three four";
    expect([desk.text, text()]).toEqual([whole, whole]);
  });

  it("goes on with more tokens, and the story is the same one", async () => {
    const { desk, settings } = makeDesk(port, kept);
    settings.change({ maxTokens: "2" });
    port.stories = [
      [...tokens(" a", " b"), finished(2)],
      [...tokens(" c"), finished(3, "stop")],
    ];
    await desk.write();
    await desk.write();
    expect(port.written[1]).toEqual({ kind: "continue", maxTokens: 2 });
    expect(desk.text).toBe("Once upon a time a b c");
    expect(kept.size).toBe(1);
    expect(only()?.takes).toMatchObject([
      { text: " a b c", tokens: 3, finishReason: "stop", settings: { maxTokens: 4 } },
    ]);
    expect(desk.canResume).toBe(false);
  });

  it("stops when asked, and keeps what there is", async () => {
    const { desk } = makeDesk(port, kept);
    port.stories = [[...tokens(" a", " b", " c"), finished(3)]];
    port.before = (event) => {
      if (event.kind === "token" && event.id === 1) desk.stop();
    };
    await desk.write();
    expect([desk.phase, desk.text, desk.reason, desk.canResume]).toEqual([
      "ended",
      "Once upon a time a",
      "stopped",
      true,
    ]);
    expect(text()).toBe("Once upon a time a");
  });

  it("stopped before the first word leaves the page and the shelf as they were", async () => {
    const { desk } = makeDesk(port, kept);
    port.stories = [[...tokens(" a"), finished(1)]];
    port.before = () => desk.stop();
    await desk.write();
    expect([desk.phase, desk.text, kept.size]).toEqual(["blank", "Once upon a time", 0]);
  });

  it("begins another story on a blank page; the first one stays on the shelf", async () => {
    const { desk } = makeDesk(port, kept);
    port.stories = [
      [...tokens(" a"), finished(1)],
      [...tokens(" b"), finished(1)],
    ];
    await desk.write();
    desk.startAgain();
    expect([desk.phase, desk.text]).toEqual(["blank", ""]);
    desk.changeOpening("Then");
    await desk.write();
    expect([...kept.values()].map(readingText).sort()).toEqual(["Once upon a time a", "Then b"]);
    expect(port.opened).toHaveLength(1);
  });

  it("does not bring back an old title when the story was renamed meanwhile", async () => {
    const { desk, shelf } = makeDesk(port, kept);
    port.stories = [
      [...tokens(" a"), finished(1)],
      [...tokens(" b"), finished(2)],
    ];
    await desk.write();
    await shelf.rename(only()?.id ?? "", "Another title");
    await desk.write();
    expect([only()?.title, text()]).toEqual(["Another title", "Once upon a time a b"]);
  });
});

describe("what goes wrong", () => {
  it.each(["", " ", "\n\t "])("an opening of %j is refused in words", async (opening) => {
    const { desk, notices } = makeDesk(port, kept);
    desk.changeOpening(opening);
    await desk.write();
    expect(notices.current?.error.code).toBe("opening-empty");
    expect(port.opened).toEqual([]);
  });

  it("a setting out of range is refused before anything is fetched", async () => {
    const { desk, notices, settings } = makeDesk(port, kept);
    settings.change({ temperature: "99" });
    await desk.write();
    expect(notices.current?.error).toMatchObject({ code: "setting-out-of-range" });
    expect(notices.status).toContain("Temperature must be a number from 0 to 5.");
    expect(port.opened).toEqual([]);
  });

  it("an engine that fails in the middle loses no word", async () => {
    const { desk, notices } = makeDesk(port, kept);
    port.stories = [[...tokens(" a", " b"), finished(2)]];
    port.before = (event) => {
      if (event.kind === "finished") throw new EngineError({ code: "engine-crashed", message: "It broke." });
    };
    await desk.write();
    expect([desk.phase, desk.text, desk.canResume]).toEqual(["ended", "Once upon a time a b", false]);
    expect(notices.current?.error.code).toBe("engine-crashed");
    expect(only()?.takes).toMatchObject([{ text: " a b", state: "finished", finishReason: null }]);
  });

  it("an opening that is too long for the model leaves the page blank and usable", async () => {
    const { desk, notices } = makeDesk(port, kept);
    const opening = "word \ud800🦊 ".repeat(12_500);
    desk.changeOpening(opening);
    port.stories = [new EngineError({ code: "context-overflow", message: "Too long." })];
    await desk.write();
    expect([desk.phase, desk.text]).toEqual(["blank", opening]);
    expect(notices.current?.error.code).toBe("context-overflow");
    expect(kept.size).toBe(0);
  });

  it("a refused file shows its verdict, and the next attempt asks again", async () => {
    const { desk, models } = makeDesk(port, kept);
    const refused = verdict("refused");
    port.opens = [new EngineError({ code: "digest-mismatch", message: "No.", verdict: refused }), READY];
    await desk.write();
    expect([desk.phase, models.verdict]).toEqual(["blank", refused]);
    port.stories = [[...tokens(" a"), finished(1)]];
    await desk.write();
    expect([desk.text, models.verdict?.kind]).toEqual(["Once upon a time a", "pinned"]);
  });

  it("Stop during the download is not an error", async () => {
    const { desk, notices } = makeDesk(port, kept);
    const written = desk.write();
    desk.stop();
    await written;
    expect([desk.phase, notices.current, notices.status]).toEqual(["blank", null, "Stopped."]);
  });
});

describe("a file that nobody vouches for", () => {
  it("is used only with the digest that was accepted", async () => {
    const { desk, models } = makeDesk(port, kept);
    port.opens = [unaccepted("model", "model.gguf"), READY];
    port.stories = [[...tokens(" a"), finished(1)]];
    const written = desk.write();
    await expect.poll(() => models.question).not.toBeNull();
    models.question?.answer(true);
    await written;
    expect(acceptedOf(port)).toEqual([null, "c".repeat(64)]);
    expect([desk.text, models.question]).toEqual(["Once upon a time a", null]);
  });

  it("is left alone when declined", async () => {
    const { desk, models, notices } = makeDesk(port, kept);
    port.opens = [unaccepted("model", "model.gguf")];
    const written = desk.write();
    await expect.poll(() => models.question).not.toBeNull();
    models.question?.answer(false);
    await written;
    expect([desk.phase, models.open, port.opened.length, notices.current]).toEqual(["blank", null, 1, null]);
  });

  it("and its tokenizer are accepted one after the other", async () => {
    const { models } = makeDesk(port, kept);
    const file = new File(["x"], "m.bin");
    await models.choose(
      chooseOwn([ownFile("model", file), ownFile("tokenizer", new File(["y"], "tok.bin"))]),
    );
    port.opens = [
      unaccepted("model", "m.bin", "a".repeat(64)),
      unaccepted("tokenizer", "tok.bin", "b".repeat(64)),
      READY,
    ];
    const opened = models.ensureOpen();
    for (const name of ["m.bin", "tok.bin"]) {
      await expect.poll(() => models.question?.file).toBe(name);
      models.question?.answer(true);
    }
    expect(await opened).toBe(true);
    expect(port.opened[2]?.sources).toMatchObject([{ accept: "a".repeat(64) }, { accept: "b".repeat(64) }]);
  });

  it("another model closes the present one, and the story can't be gone on with", async () => {
    const { desk, models } = makeDesk(port, kept);
    port.stories = [[...tokens(" a"), finished(1)]];
    await desk.write();
    await models.choose(chooseOwn([at("https://example.org/other.gguf")]));
    expect([models.open, desk.canResume]).toEqual([null, false]);
  });
});
