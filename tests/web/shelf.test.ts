// SPDX-License-Identifier: Apache-2.0
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { Notices } from "../../web/app/lib/notices.svelte";
import { ShelfDb } from "../../web/app/features/shelf/shelf-db";
import { Shelf } from "../../web/app/features/shelf/shelf.svelte";
import type { Story, Take } from "../../web/app/lib/story";
import { makeSingle, makeStory } from "./stories";

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

function makeShelf(db: Pick<ShelfDb, "all" | "put" | "remove"> = new ShelfDb()) {
  const notices = new Notices();
  return { shelf: new Shelf(db, notices), notices };
}

describe("the shelf", () => {
  it("keeps stories, newest first, for the next visit", async () => {
    const { shelf } = makeShelf();
    await shelf.save(makeStory({ id: "a", created: 1 }));
    await shelf.save(makeStory({ id: "b", created: 3 }));
    await shelf.save(makeStory({ id: "c", created: 2 }));
    const { shelf: later } = makeShelf();
    await later.load();
    expect(later.stories.map((story) => story.id)).toEqual(["b", "c", "a"]);
    expect(later.find("a")).toEqual(makeStory({ id: "a", created: 1 }));
    expect(later.find("z")).toBeNull();
  });

  it("writes a growing story over its earlier self", async () => {
    const { shelf } = makeShelf();
    await shelf.save(makeStory({ text: " one", take: { state: "writing" } }));
    await shelf.save(makeStory({ text: " one two" }));
    await shelf.load();
    expect(shelf.stories).toEqual([makeStory({ text: " one two" })]);
  });

  it("keeps any text there is", async () => {
    const { shelf } = makeShelf();
    const text = "\ud800 🦊 مرحبا \u0000" + "x".repeat(100_000);
    await shelf.save(makeStory({ text }));
    await shelf.load();
    expect(shelf.find("story-1")?.takes[0]?.text).toBe(text);
  });

  it("shows all other stories where one is broken, and keeps that one", async () => {
    const db = new ShelfDb();
    const { shelf, notices } = makeShelf(db);
    await shelf.save(makeStory({ id: "a", created: 1 }));
    await shelf.save(makeStory({ id: "b", created: 2 }));
    const broken = [
      { id: "c" },
      { ...makeStory({ id: "d" }), passages: undefined },
      { ...makeStory({ id: "e" }), created: NaN },
      makeStory({ id: "f", take: { settings: null as unknown as Take["settings"] } }),
      makeStory({ id: "g", take: { model: "a model" as unknown as Take["model"] } }),
      { ...makeStory({ id: "h" }), takes: [] }, // whose passages then show what is not there
      makeSingle({ id: "i", text: undefined }),
      makeSingle({ id: "j", settings: null }),
    ];
    for (const story of broken) await db.put(story as Story);
    await shelf.load();
    expect(shelf.stories.map((story) => story.id)).toEqual(["b", "a"]);
    expect(shelf.broken).toEqual(broken);
    expect(await db.all()).toHaveLength(2 + broken.length);
    expect(notices.current).toBeNull();
  });

  it("renames, but not to nothing", async () => {
    const { shelf } = makeShelf();
    await shelf.save(makeStory());
    await shelf.rename("story-1", "  A better\nname ");
    await shelf.rename("story-1", "   ");
    await shelf.rename("no such story", "x");
    await shelf.load();
    expect(shelf.find("story-1")?.title).toBe("A better name");
  });

  it("deletes, and brings back what was deleted last", async () => {
    const { shelf, notices } = makeShelf();
    await shelf.save(makeStory({ id: "a", created: 1 }));
    await shelf.save(makeStory({ id: "b", created: 2 }));
    await shelf.remove("a");
    expect(notices.status).toContain("Deleted The lighthouse.");
    await shelf.load();
    expect(shelf.stories.map((story) => story.id)).toEqual(["b"]);
    await shelf.undo();
    await shelf.undo();
    await shelf.load();
    expect(shelf.stories.map((story) => story.id)).toEqual(["b", "a"]);
  });

  it("that is full says so, and loses nothing of the page", async () => {
    const { shelf, notices } = makeShelf({
      all: () => Promise.resolve([]),
      put: () => Promise.reject(new DOMException("", "QuotaExceededError")),
      remove: () => Promise.resolve(),
    });
    expect(await shelf.save(makeStory())).toBe(false);
    expect(shelf.stories).toHaveLength(1);
    expect(notices.current).not.toBeNull();
  });

  it("in a browser without a store is an error in words", async () => {
    globalThis.indexedDB = { open: () => { throw new DOMException("no", "SecurityError"); } } as unknown as IDBFactory; // prettier-ignore
    const db = new ShelfDb();
    await expect(db.all()).rejects.toMatchObject({ code: "shelf-unavailable" });
    globalThis.indexedDB = new IDBFactory();
    expect(await db.all()).toEqual([]); // as soon as there is one, it is used
  });

  it("tells a full store from one that is not there", async () => {
    const db = new ShelfDb();
    await db.all();
    const story = makeStory({ take: { record: { bad: (() => 0) as unknown as string } } });
    await expect(db.put(story)).rejects.toMatchObject({ code: "shelf-unavailable" });
  });
});
