// SPDX-License-Identifier: Apache-2.0
/**
 * What the model is given next, and where its answer stands.
 *
 * In: the settings, the text with its story, and whether the model has a chat form. Out: a start. Refused: no opening, settings
 * out of range, and an engine that is at work for another story. In chat a story is asked
 * for once; whatever follows goes on from the text, in the model's own form if it has one.
 */

import { EngineError } from "../../../engine/errors";
import type { Story, StorySettings } from "../../lib/story";
import type { Manuscript } from "./text/manuscript.svelte";

export interface Start {
  prompt: string;
  settings: StorySettings;
  /** The place in the text from which the answer replaces what there is. */
  at: number;
  /** The takes that were tried there. */
  tries: readonly string[];
}

/** What of a manuscript decides where an answer stands. */
type Text = Pick<Manuscript, "text" | "length" | "ending">;

/** Why nothing can be begun; null where it can. @param lent whether the engine is at work for another story. */
export function complaintOf(asked: StorySettings | string, text: string, lent: boolean): EngineError | null {
  if (typeof asked === "string") return new EngineError({ code: "setting-out-of-range", message: asked });
  if (lent) {
    const message = "A token's story is being written. Let it end, or stop it there; then write this one.";
    return new EngineError({ code: "busy", message });
  }
  if (text.trim() !== "") return null;
  const message = "There is no opening yet. Write a first line, or choose one of those below it.";
  return new EngineError({ code: "opening-empty", message });
}

/** What follows on all that there is. In chat a first text is what is asked for, and the answer takes its place. */
export function startAfter(
  asked: StorySettings,
  { text, length }: Text,
  story: Story | null,
  chats: boolean,
): Start {
  const asks = asked.mode === "chat" && story === null;
  return { prompt: text, settings: withMode(asked, asks, chats), at: asks ? 0 : length, tries: [] };
}

/** What may stand in the place of the model's words at the end: another take, with another seed. */
export function startInstead(
  asked: StorySettings,
  { text, length, ending }: Text,
  story: Story | null,
  chats: boolean,
): Start {
  const { start, tries } = ending ?? { start: length, tries: [] };
  const request = start === 0 ? (story?.request ?? null) : null;
  const anew = { ...asked, sampler: { ...asked.sampler, seed: null } };
  const settings = withMode(anew, request !== null, chats);
  return { prompt: request ?? text.slice(0, start), settings, at: start, tries };
}

function withMode(settings: StorySettings, asks: boolean, chats: boolean): StorySettings {
  const goesOn = settings.mode === "raw" || !chats ? "raw" : "story";
  return { ...settings, mode: asks ? "chat" : goesOn };
}
