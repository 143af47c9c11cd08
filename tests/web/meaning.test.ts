// SPDX-License-Identifier: Apache-2.0
import "fake-indexeddb/auto";
import { readFile } from "node:fs/promises";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { EngineError } from "../../web/engine/errors";
import type { LoadProgress, OpenRequest, OpenResult } from "../../web/engine/protocol";
import { Meaning, type EncoderPort } from "../../web/app/features/search/meaning.svelte";
import { isCurrent, nearest, textDigest, withWords } from "../../web/app/features/search/nearness";
import { Notices } from "../../web/app/lib/notices.svelte";
import { ShelfDb } from "../../web/app/features/shelf/shelf-db";
import { readingText, type Story } from "../../web/app/lib/story";
import { READY } from "./played-engine";
import { makeStory } from "./stories";

const BASE = "http://localhost/";
const kept = new Map<string, string>();

/** Vectors of three places: how often a text speaks of the sea, of bread, of something else. */
function told(text: string): Float32Array {
  const count = (pattern: RegExp): number => (text.match(pattern) ?? []).length;
  const vector = [count(/sea|boat|storm/g), count(/bread|oven/g), 0.1 + count(/calm|rough/g) / 2];
  const length = Math.hypot(...vector);
  return Float32Array.from(vector, (value) => value / length);
}

class PlayedEncoder implements EncoderPort {
  opened: OpenRequest[] = [];
  texts: string[] = [];
  closed = 0;
  failure: EngineError | null = null;

  ready = vi.fn(() => Promise.resolve({} as never));
  open(request: OpenRequest, progress?: (progress: LoadProgress) => void): Promise<OpenResult> {
    this.opened.push(request);
    progress?.({ phase: "download", file: "model", bytes: 1, total: 2, rate: 0, secondsLeft: null });
    return this.failure ? Promise.reject(this.failure) : Promise.resolve(READY);
  }
  embed(text: string): Promise<number[]> {
    this.texts.push(text);
    return Promise.resolve([...told(text)]);
  }
  close(): void {
    this.closed += 1;
  }
}

const SEA = makeStory({
  id: "sea",
  title: "The Crossing",
  opening: "A boat",
  text: " on the sea in a storm.",
});
const HARBOUR = makeStory({ id: "harbour", title: "Harbour", opening: "The sea", text: " was calm." });
const BREAD = makeStory({
  id: "bread",
  title: "The Baker",
  opening: "Bread",
  text: " came out of the oven.",
});

function made(stories: Story[] = [SEA, HARBOUR, BREAD]) {
  const encoder = new PlayedEncoder();
  const notices = new Notices();
  const db = new ShelfDb();
  let crash: (error: EngineError) => void = () => undefined;
  const meaning = new Meaning(
    (onCrash) => {
      crash = onCrash;
      return encoder;
    },
    db,
    () => stories,
    notices,
    BASE,
  );
  return { meaning, encoder, notices, db, crash: (error: EngineError) => crash(error) };
}

/** Answers the question whether the model may be fetched, once it is there. */
async function answer(meaning: Meaning, yes: boolean): Promise<void> {
  await vi.waitFor(() => expect(meaning.question).not.toBeNull());
  meaning.question?.(yes);
}

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  kept.clear();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  const list = await readFile("public/models.json", "utf8");
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(list)));
});

describe("finding by meaning", () => {
  it("asks before it fetches, once, and fetches nothing where the answer is no", async () => {
    const { meaning, encoder } = made();
    const declined = meaning.search("a storm");
    await answer(meaning, false);
    expect(await declined).toBeNull();
    expect(encoder.opened).toEqual([]);
    const search = meaning.search("a storm");
    await answer(meaning, true);
    expect((await search)?.map(({ story }) => story.id)).toEqual(["sea", "harbour"]);
    expect(await meaning.search("bread")).toHaveLength(1);
    expect(encoder.opened).toHaveLength(1);
    const { meaning: later } = made();
    expect((await later.search("oven"))?.[0]?.story).toEqual(BREAD);
  });

  it("opens the site's encoder with every file pinned, to make vectors", async () => {
    const { meaning, encoder } = made();
    const search = meaning.search("a storm");
    await answer(meaning, true);
    await search;
    const [request] = encoder.opened;
    expect(request?.purpose).toBe("embed");
    const pinned = request?.sources.map((source) => source.pinned) ?? [];
    expect(pinned).toHaveLength(3);
    for (const digests of pinned) expect(digests?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(meaning.verdict?.kind).toBe("pinned");
  });

  it("reads a story once, and again when its text has changed or its vector is damaged", async () => {
    kept.set("taleproof.meaning", "all-minilm-l6-v2");
    const stories = [SEA, HARBOUR, BREAD];
    const { meaning, encoder, db } = made(stories);
    await meaning.search("storm");
    expect(encoder.texts).toEqual(["storm", ...stories.map(readingText)]);
    await meaning.search("bread");
    expect(encoder.texts).toHaveLength(5);
    stories[1] = makeStory({ id: "harbour", title: "Harbour", opening: "The sea", text: " was rough." });
    await meaning.search("sea");
    expect(encoder.texts.slice(6)).toEqual(["The sea was rough."]);
    const [first] = await db.vectors();
    await db.keepVector({ ...first!, vector: new Float32Array(3) });
    await meaning.search("sea");
    expect(encoder.texts).toHaveLength(9);
  });

  it("knows what is like a story without an engine, where all have been read", async () => {
    kept.set("taleproof.meaning", "all-minilm-l6-v2");
    const { meaning, encoder } = made();
    expect(await meaning.likeAlready(SEA)).toBeNull();
    expect((await meaning.like(SEA))?.map(({ story }) => story.id)).toEqual(["harbour"]);
    expect(await meaning.like(BREAD)).toEqual([]);
    meaning.rest();
    expect(encoder.closed).toBe(1);
    expect((await meaning.likeAlready(SEA))?.map(({ story }) => story.id)).toEqual(["harbour"]);
    expect(encoder.opened).toHaveLength(1);
  });

  it("tells of a refused model and of a crash, and can be asked again", async () => {
    kept.set("taleproof.meaning", "all-minilm-l6-v2");
    const { meaning, encoder, notices, crash } = made();
    encoder.failure = new EngineError({ code: "digest-mismatch", message: "Not the right bytes." });
    expect(await meaning.search("sea")).toBeNull();
    expect(notices.current?.error.code).toBe("digest-mismatch");
    encoder.failure = null;
    expect(await meaning.search("sea")).toHaveLength(2);
    crash(new EngineError({ code: "engine-crashed", message: "It stopped." }));
    expect(notices.current?.error.code).toBe("engine-crashed");
    expect(meaning.verdict).toBeNull();
    expect(await meaning.search("sea")).toHaveLength(2);
    expect(encoder.opened).toHaveLength(3);
  });

  it("says so where the site has no encoder", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response('{"version": 1, "models": []}')));
    const { meaning, notices } = made();
    expect(await meaning.search("sea")).toBeNull();
    expect(notices.current?.error.code).toBe("no-encoder");
  });

  it("loses a story's vector with the story", async () => {
    kept.set("taleproof.meaning", "all-minilm-l6-v2");
    const { meaning, db } = made();
    await meaning.search("sea");
    await db.remove("sea");
    expect((await db.vectors()).map(({ story }) => story).sort()).toEqual(["bread", "harbour"]);
  });
});

describe("nearness", () => {
  it("orders by the angle, with a floor and a limit", () => {
    const among = [BREAD, SEA, HARBOUR].map((story) => ({ story, vector: told(readingText(story)) }));
    const found = nearest(told("storm"), among, 0.5, 5);
    expect(found.map(({ story }) => story.id)).toEqual(["sea", "harbour"]);
    expect(found[0]?.nearness).toBeCloseTo(1, 2);
    expect(nearest(told("storm"), among, -1, 1)).toHaveLength(1);
  });

  it("takes a kept vector for what it was made of alone", async () => {
    const text = await textDigest("a");
    expect(text).toBe("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
    const vector = { story: "x", text, model: "m", vector: Float32Array.of(0.6, 0.8) };
    expect(isCurrent(vector, text, "m")).toBe(true);
    expect(isCurrent(vector, text, "n")).toBe(false);
    expect(isCurrent(vector, await textDigest("b"), "m")).toBe(false);
    expect(isCurrent({ ...vector, vector: Float32Array.of(NaN, 1) }, text, "m")).toBe(false);
    expect(isCurrent({ ...vector, vector: [0.6, 0.8] as never }, text, "m")).toBe(false);
    expect(isCurrent(undefined, text, "m")).toBe(false);
  });

  it("finds all words, in titles and texts, whatever their case", () => {
    const all = [SEA, HARBOUR, BREAD];
    expect(withWords(all, " OVEN baker ").map(({ id }) => id)).toEqual(["bread"]);
    expect(withWords(all, "sea")).toEqual([SEA, HARBOUR]);
    expect(withWords(all, "")).toEqual(all);
    expect(withWords(all, "dragon")).toEqual([]);
  });
});
