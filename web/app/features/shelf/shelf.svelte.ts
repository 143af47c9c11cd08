// SPDX-License-Identifier: Apache-2.0
/**
 * The shelf: every story that was written here, newest first.
 *
 * In: stories. Out: the same, kept in this browser. A story that could not be kept stays in the list until the page is
 * left, and a notice says so. What was deleted last can be brought back. Tabs tell one another what they changed: the newest
 * change counts, and what was deleted in one comes back in none.
 */

import { SvelteSet } from "svelte/reactivity";
import type { Notices } from "../../lib/notices.svelte";
import { cleanTitle, type Story } from "../../lib/story";
import type { ShelfDb } from "./shelf-db";
import { readStory } from "./kept-story";

/** What one tab tells the others. */
interface Change {
  id: string;
  removed: boolean;
}

/** A BroadcastChannel, or a stand-in. */
export type Tabs = Pick<BroadcastChannel, "postMessage" | "addEventListener">;

export class Shelf {
  stories = $state.raw<Story[]>([]);
  /** What was kept as stories and cannot be shown as such; it stays where it is. */
  broken = $state.raw<unknown[]>([]);
  loaded = $state(false);
  deleted = $state.raw<Story | null>(null);
  /** Told of each story that another tab has changed or deleted, once the list has it so. */
  onChanged: (id: string) => void = () => undefined;
  /** The stories that another tab has deleted. */
  private readonly gone = new SvelteSet<string>();

  constructor(
    private readonly db: Pick<ShelfDb, "all" | "put" | "remove">,
    private readonly notices: Notices,
    private readonly tabs: Tabs | null = null,
  ) {
    tabs?.addEventListener("message", ({ data }: MessageEvent<Change>) => void this.follow(data));
  }

  async load(): Promise<void> {
    try {
      const kept = await this.db.all();
      const read = kept.map((each) => ({ each, story: readStory(each) }));
      this.stories = read.flatMap(({ story }) => story ?? []).sort((a, b) => b.created - a.created);
      this.broken = read.flatMap(({ each, story }) => (story ? [] : [each]));
    } catch (thrown) {
      this.notices.fail(thrown);
    } finally {
      this.loaded = true;
    }
  }

  find(id: string): Story | null {
    return this.stories.find((story) => story.id === id) ?? null;
  }

  /** Whether another tab has deleted a story. */
  isGone(id: string): boolean {
    return this.gone.has(id);
  }

  /** Adds a story or writes over it; false where this browser would not keep it. */
  async save(story: Story): Promise<boolean> {
    const others = this.stories.filter((other) => other.id !== story.id);
    this.stories = [story, ...others].sort((a, b) => b.created - a.created);
    const kept = await this.attempt(() => this.db.put(story));
    if (kept) this.tell({ id: story.id, removed: false });
    return kept;
  }

  async rename(id: string, typed: string): Promise<void> {
    const title = cleanTitle(typed);
    const story = this.find(id);
    if (!story || title === null || title === story.title) return;
    if (await this.save({ ...story, title })) this.notices.say(`Renamed to ${title}.`);
  }

  async remove(id: string): Promise<void> {
    const story = this.find(id);
    if (!story || !(await this.attempt(() => this.db.remove(id)))) return;
    this.stories = this.stories.filter((other) => other.id !== id);
    this.deleted = story;
    this.tell({ id, removed: true });
    this.notices.say(`Deleted ${story.title}. You can still bring it back.`);
  }

  async undo(): Promise<void> {
    const story = this.deleted;
    if (!story) return;
    this.deleted = null;
    if (await this.save(story)) this.notices.say(`${story.title} is back on the shelf.`);
  }

  forgetDeleted(): void {
    this.deleted = null;
  }

  private tell(change: Change): void {
    this.gone.delete(change.id);
    this.tabs?.postMessage(change);
  }

  /** What another tab has done. */
  private async follow({ id, removed }: Change): Promise<void> {
    if (removed) this.gone.add(id);
    else this.gone.delete(id);
    await this.load();
    this.onChanged(id);
  }

  private async attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (thrown) {
      this.notices.fail(thrown);
      return false;
    }
  }
}
