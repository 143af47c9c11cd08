// SPDX-License-Identifier: Apache-2.0
/** A model lent for a story that is not the desk's: what the desk has keeps its place, or is opened anew. */
import { readFile } from "node:fs/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { EngineError } from "../../web/engine/errors";
import { parseCatalogue } from "../../web/app/lib/catalogue";
import { chooseEntry, chooseOwn } from "../../web/app/lib/choice";
import { Desk } from "../../web/app/features/write/desk.svelte";
import { EngineState } from "../../web/app/lib/engine.svelte";
import { Models } from "../../web/app/features/model/models.svelte";
import { Notices } from "../../web/app/lib/notices.svelte";
import { Settings } from "../../web/app/features/settings/settings.svelte";
import { Shelf } from "../../web/app/features/shelf/shelf.svelte";
import { finished, MODEL, PlayedEngine, tokens, unaccepted, verdict } from "./played-engine";
import { at } from "../requests";

const OTHER = chooseOwn([at("https://example.org/other.gguf")]);
let port: PlayedEngine;

async function written() {
  const notices = new Notices();
  const engine = new EngineState(port, notices);
  const models = new Models(engine, notices, "http://localhost/");
  const db = { all: async () => [], put: async () => undefined, remove: async () => undefined };
  const shelf = new Shelf(db, notices);
  const desk = new Desk({ engine, models, settings: new Settings(), shelf, notices });
  models.choice = chooseOwn([at("https://example.org/model.gguf")]);
  desk.changeOpening("Once upon a time");
  port.stories = [[...tokens(" there"), finished(1)]];
  await desk.write();
  return { desk, models, notices, own: models.choice };
}

beforeEach(() => void (port = new PlayedEngine()));

describe("a model that is lent", () => {
  it("is the open one where it is the same, of the same context; the desk's story can't be gone on with", async () => {
    const { desk, models, own } = await written();
    expect(desk.canResume).toBe(true);
    expect(await models.lend(own, MODEL.sessionLength, async (open) => open.model.name)).toBe(MODEL.name);
    expect([port.opened.length, models.open?.choice, desk.canResume]).toEqual([1, own, false]);
  });

  it("has the verdict that the registry's last word gave it", async () => {
    const { models } = await written();
    const json = await readFile("public/models.json", "utf8");
    await models.choose(chooseEntry(parseCatalogue(json, "http://localhost/")[0]!));
    await models.ensureOpen();
    port.verdicts = [verdict("registered")];
    await models.rejudge();
    const lent = models.lend(models.choice!, MODEL.sessionLength, async (open) => open.verdict.kind);
    expect(await lent).toBe("registered");
  });

  it.each([
    ["another model", OTHER, MODEL.sessionLength],
    ["another context", null, MODEL.sessionLength / 2],
  ])("is opened where it is %s; the desk keeps its choice", async (_what, choice, context) => {
    const { desk, models, own } = await written();
    await models.lend(choice ?? own, context, async () => undefined);
    const { sources } = (choice ?? own).request;
    expect(port.opened[1]).toMatchObject({ sources, contextLength: context });
    expect([models.open, models.choice]).toEqual([null, own]);
    desk.startAgain("Once more");
    await desk.write();
    expect(port.opened[2]).toEqual(port.opened[0]);
  });

  it("keeps the desk waiting, and is lent to one at a time", async () => {
    const { desk, models, notices } = await written();
    desk.startAgain("Once more");
    let end: () => void = () => undefined;
    const lent = models.lend(OTHER, 64, () => new Promise<void>((resolve) => (end = resolve)));
    await desk.write();
    expect([notices.current?.error.code, desk.phase]).toEqual(["busy", "blank"]);
    await expect(models.lend(OTHER, 64, async () => undefined)).rejects.toMatchObject({ code: "busy" });
    end();
    await lent;
    expect(models.lent).toBe(false);
    await desk.write();
    expect(desk.phase).toBe("ended");
  });

  it("is given back when another is chosen, whose work is told to stop", async () => {
    const { models } = await written();
    const lent = models.lend(
      OTHER,
      64,
      (_open, signal) =>
        new Promise<void>((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason)),
        ),
    );
    await expect.poll(() => port.opened.length).toBe(2);
    await Promise.all([models.choose(OTHER), expect(lent).rejects.toThrow()]);
    expect([models.lent, models.choice]).toEqual([false, OTHER]);
  });

  it("that cannot be opened, or is declined, is not the desk's trouble", async () => {
    const { models, notices } = await written();
    port.opens = [new EngineError({ code: "digest-mismatch", message: "No." }), unaccepted("model", "other")];
    await expect(models.lend(OTHER, 64, async () => 1)).rejects.toMatchObject({ code: "digest-mismatch" });
    const declined = models.lend(OTHER, 64, async () => 1);
    await expect.poll(() => models.question).not.toBeNull();
    models.question?.answer(false);
    expect(await declined).toBeNull();
    expect([notices.current, models.refused]).toEqual([null, null]);
  });
});
