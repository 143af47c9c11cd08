// SPDX-License-Identifier: Apache-2.0
/**
 * How the story on the desk gets onto the shelf: every second while it changes, and at once when it comes to rest.
 *
 * In: word of changes, and the story as it is at the moment. Out: the story on the shelf, and whether it is there as it is.
 * What another tab has deleted is not kept again, which is said.
 */

import { writeLocal } from "../../lib/local";
import type { Notices } from "../../lib/notices.svelte";
import type { Story } from "../../lib/story";
import type { Shelf } from "../shelf/shelf.svelte";
import { Autosave } from "./autosave";

/** The story that was on the desk when the page was left. */
export const STORY_KEY = "taleproof.story";
const SAVE_MILLISECONDS = 1000;

export class Keeping {
  /** Whether the shelf has the story as it is. */
  kept = $state(false);
  /** Whether something was changed since it was last saved. */
  unsaved = false;
  /** The story that `kept` is about. */
  private id: string | null = null;
  private readonly autosave = new Autosave(() => void this.save(), SAVE_MILLISECONDS);

  /** @param present the story as it is; null where there are no words of the model to keep. */
  constructor(
    private readonly shelf: Shelf,
    private readonly notices: Notices,
    private readonly present: () => Story | null,
  ) {}

  /** Something was changed. */
  soon(): void {
    this.unsaved = true;
    this.autosave.changed();
  }

  /** Another story, or none, is on the desk; null where it is not on the shelf. */
  restart(id: string | null): void {
    this.autosave.finish();
    this.unsaved = false;
    this.id = id;
    this.kept = id !== null;
    writeLocal(STORY_KEY, id);
  }

  /** It came to rest. */
  finish(): Promise<void> {
    this.autosave.finish();
    return this.save();
  }

  /** Saves what was changed at once, if anything was. */
  now(): void {
    if (this.unsaved) void this.save();
  }

  private async save(): Promise<void> {
    const story = this.present();
    if (!story) return;
    this.unsaved = false;
    this.id = story.id;
    if (this.shelf.isGone(story.id)) {
      this.kept = false;
      this.notices.stop("This story was deleted in another tab. It stays here until you leave the page.");
      return;
    }
    writeLocal(STORY_KEY, story.id);
    const kept = await this.shelf.save(story);
    if (this.id === story.id) this.kept = kept; // another may be on the desk by now
  }
}
