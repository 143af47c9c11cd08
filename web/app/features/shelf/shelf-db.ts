// SPDX-License-Identifier: Apache-2.0
/**
 * The shelf's place in this browser: an IndexedDB store of stories, and one of their vectors.
 *
 * In and out: stories, as story.ts types them, and vectors, as nearness.ts does. A story that goes takes its vector along.
 * Refused, with an EngineError whose sentence is for the person: a browser without such a store, and one that is full.
 */

import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import { EngineError } from "../../../engine/errors";
import type { Story } from "../../lib/story";
import type { StoryVector } from "../search/nearness";

interface ShelfSchema extends DBSchema {
  stories: { key: string; value: Story };
  vectors: { key: string; value: StoryVector };
}

const NAME = "taleproof";
const VERSION = 2;

function shelfError(cause: unknown): EngineError {
  const full = cause instanceof DOMException && cause.name === "QuotaExceededError";
  return new EngineError({
    code: full ? "shelf-full" : "shelf-unavailable",
    message: full
      ? "The shelf could not be written: this browser has no room left for the site. The story stays on the page; " +
        "copy it, then delete stories or models that you no longer need."
      : "The shelf cannot be reached in this browser, perhaps because the window is a private one. " +
        "The story stays on the page; copy it before you leave.",
    details: { cause: String(cause) },
  });
}

export class ShelfDb {
  /** Called when a story has been kept. */
  onKept: () => void = () => undefined;
  private connection: Promise<IDBPDatabase<ShelfSchema>> | null = null;

  /** What is kept as stories, in no order; whether each is one is for kept-story.ts to say. */
  all(): Promise<unknown[]> {
    return this.run((db) => db.getAll("stories"));
  }

  /** Adds the story, or writes over the one with its id. */
  async put(story: Story): Promise<void> {
    await this.run((db) => db.put("stories", story));
    this.onKept();
  }

  async remove(id: string): Promise<void> {
    await this.run(async (db) => {
      const both = db.transaction(["stories", "vectors"], "readwrite");
      await both.objectStore("stories").delete(id);
      await both.objectStore("vectors").delete(id);
      await both.done;
    });
  }

  vectors(): Promise<StoryVector[]> {
    return this.run((db) => db.getAll("vectors"));
  }

  /** Keeps a story's vector in place of any before it. */
  async keepVector(vector: StoryVector): Promise<void> {
    await this.run((db) => db.put("vectors", vector));
  }

  private async run<T>(work: (db: IDBPDatabase<ShelfSchema>) => Promise<T>): Promise<T> {
    try {
      this.connection ??= this.open();
      return await work(await this.connection);
    } catch (cause) {
      this.connection = null; // so that the next attempt opens it anew
      throw shelfError(cause);
    }
  }

  private open(): Promise<IDBPDatabase<ShelfSchema>> {
    return openDB<ShelfSchema>(NAME, VERSION, {
      upgrade: (db, before) => {
        if (before < 1) db.createObjectStore("stories", { keyPath: "id" });
        if (before < 2) db.createObjectStore("vectors", { keyPath: "story" });
      },
      // Another tab has a newer page: let it have its way, and open again when next needed.
      blocking: (_current, _blocked, event) => {
        (event.target as IDBDatabase).close();
        this.connection = null;
      },
      terminated: () => (this.connection = null),
    });
  }
}
