// SPDX-License-Identifier: Apache-2.0
/** A token's story written again by a played engine: compared, cut where its writer stopped it, and kept from the desk's. */
import { beforeEach, describe, expect, it } from "vitest";
import type { StoryReceipt } from "../../web/chain/stories/story-receipt";
import { EngineError } from "../../web/engine/errors";
import type { WriteEvent } from "../../web/engine/protocol";
import { chooseOwn } from "../../web/app/lib/choice";
import { EngineState } from "../../web/app/lib/engine.svelte";
import { Models } from "../../web/app/features/model/models.svelte";
import { Notices } from "../../web/app/lib/notices.svelte";
import { Retelling } from "../../web/app/features/tokens/retelling.svelte";
import { NETWORK, registry } from "./chain/played";
import { hashed, IDS, RECEIPT, RECORD } from "./chain/told";
import { MODEL, PlayedEngine, READY, stats, unaccepted } from "./played-engine";
import { at } from "../requests";

const MINE: StoryReceipt = {
  ...RECEIPT,
  model: MODEL.digests.sha256,
  tokenizer: null,
  limits: { ...RECEIPT.limits, context: MODEL.sessionLength },
};
const WORDS = [" a", " fox", " sat", "."];
const FILE = chooseOwn([at("https://example.org/model.gguf")]);

const token = (id: number, text: string): WriteEvent => ({ kind: "token", id, text, logprob: -1 });
const TOLD = IDS.map((id, i) => token(id, WORDS[i]!));
const END: WriteEvent = {
  kind: "finished",
  reason: "length",
  text: "!",
  canContinue: true,
  stats: stats(IDS.length),
  record: RECORD,
};

let port: PlayedEngine;
let desk: { busy: boolean };

function retell(receipt: StoryReceipt = MINE) {
  const notices = new Notices();
  const engine = new EngineState(port, notices);
  const models = new Models(engine, notices, "http://localhost/");
  models.choice = FILE;
  const none = JSON.stringify({ data: { registry: registry(), version: { items: [], next: null } } });
  const chain = {
    network: NETWORK,
    follow: async () => undefined,
    query: async () => none,
  };
  return { retelling: new Retelling(receipt, { models, engine, chain, desk }), models, notices };
}

beforeEach(() => {
  port = new PlayedEngine();
  port.stories = [[...TOLD, END]];
  desk = { busy: false };
});

describe("a token's story", () => {
  it("is written from the receipt alone, in its context, and is the same", async () => {
    const { retelling } = retell();
    await retelling.write(FILE);
    const { prompt, limits } = MINE;
    expect(port.opened[0]).toMatchObject({ contextLength: limits.context });
    expect(port.written).toMatchObject([
      { prompt, mode: "raw", sampler: { seed: "18446744073709551615" }, limits: { maxTokens: 4 } },
    ]);
    expect([retelling.phase, retelling.text, retelling.tokens]).toEqual(["done", " a fox sat.!", 4]);
    expect(retelling.outcome).toMatchObject({ same: true, story: hashed(RECORD) });
    expect(retelling.verdict?.kind).toBe("pinned");
  });

  it("is cut where its writer stopped it, though the model would go on", async () => {
    port.stories = [[...TOLD, token(9, " and"), token(10, " on"), END]];
    const { retelling } = retell({ ...MINE, limits: { ...MINE.limits, maxTokens: 300 } });
    await retelling.write(FILE);
    expect(retelling.text).toBe(" a fox sat.");
    expect(retelling.outcome).toMatchObject({ same: true, tokenCount: 4, story: null });
  });

  it.each([
    ["another token", [...TOLD.slice(0, 3), token(9, "."), END], 4],
    ["fewer tokens", [...TOLD.slice(0, 3), END], 3],
  ])("is not the same with %s", async (_what, events, count) => {
    port.stories = [events];
    const { retelling } = retell();
    await retelling.write(FILE);
    expect(retelling.outcome).toMatchObject({ same: false, tokenCount: count });
  });

  it.each([
    ["other tokens were read", [1, 404], false],
    ["the same tokens were read", [1, 403], true],
  ])("is not the same, and says whether %s", async (_what, read, samePrompt) => {
    const record = { ...RECORD, prompt_tokens: read };
    port.stories = [[...TOLD.slice(0, 3), { ...END, record } as WriteEvent]];
    const { retelling } = retell();
    await retelling.write(FILE);
    expect(retelling.outcome).toMatchObject({ same: false, samePrompt });
  });

  it("waits for the story at the desk", async () => {
    desk.busy = true;
    const { retelling } = retell();
    await retelling.write(FILE);
    expect([retelling.phase, retelling.problem?.code, port.opened.length]).toEqual(["blank", "busy", 0]);
  });

  it("stops when the person says so, and says no more than that", async () => {
    const { retelling, models } = retell();
    port.before = (event) => void (event.kind === "token" && event.id === IDS[1] && retelling.stop());
    await retelling.write(FILE);
    expect([retelling.phase, retelling.problem?.code, retelling.outcome]).toEqual([
      "blank",
      "cancelled",
      null,
    ]);
    expect(models.lent).toBe(false);
    port.before = () => undefined;
    port.stories = [[...TOLD, END]];
    await retelling.write(FILE);
    expect(retelling.outcome?.same).toBe(true);
  });

  it("is not written by another file than the one that is named", async () => {
    const { retelling } = retell({ ...MINE, model: "e".repeat(64) });
    await retelling.write(FILE);
    expect(retelling.problem).toMatchObject({
      code: "receipt-file-differs",
      message: expect.stringContaining("e".repeat(64)),
    });
    expect(port.written).toEqual([]);
  });

  it("is not written where its file is declined, refused or nowhere", async () => {
    port.opens = [
      unaccepted("model", "model.gguf"),
      new EngineError({ code: "context-too-large", message: "Too long a context." }),
      READY,
    ];
    const { retelling, models } = retell();
    const declined = retelling.write(FILE);
    await expect.poll(() => models.question).not.toBeNull();
    models.question?.answer(false);
    await declined;
    expect(retelling.problem?.code).toBe("cancelled");
    await retelling.write(FILE);
    expect(retelling.problem?.message).toBe("Too long a context.");
    await retelling.write();
    expect(retelling.problem?.code).toBe("receipt-model-missing");
    expect(port.written).toEqual([]);
  });
});
