// SPDX-License-Identifier: Apache-2.0
/**
 * A story as it is kept: its words, and everything needed to write it again.
 *
 * In: what was asked of the engine and what it answered. Out: plain data that IndexedDB and JSON carry alike.
 */

import type {
  EngineInfo,
  FinishReason,
  ModelInfo,
  SamplerSettings,
  StoryRecord,
  Verdict,
  WriteMode,
} from "../../engine/protocol";

/** The model that wrote a story, as it was when it wrote. */
export interface StoryModel {
  name: string;
  format: string;
  architecture: string;
  quantisation: string;
  bytes: number;
  sha256: string;
  sha3_256: string | null;
  verdict: Verdict["kind"];
  /** Where the file came from: an address, or null for a file of the person's own. */
  address: string | null;
  /** The SHA-256 of the tokenizer's own file, where there was one. */
  tokenizerSha256: string | null;
}

export interface StoryEngine {
  version: string;
  numericsVersion: number;
  kernels: EngineInfo["kernels"];
}

/** What the story was asked for with. */
export interface StorySettings {
  mode: WriteMode;
  sampler: Omit<SamplerSettings, "seed"> & { seed: string | null };
  maxTokens: number;
}

/** `writing`: the page has not been told yet that it ended; found on the shelf, it was interrupted. */
export type StoryState = "writing" | "finished";

export interface Story {
  id: string;
  title: string;
  /** Milliseconds since 1970. */
  created: number;
  changed: number;
  state: StoryState;
  opening: string;
  /** The model's words only. */
  text: string;
  /** With the seed that was used. */
  settings: StorySettings;
  promptTokens: number;
  tokens: number;
  finishReason: FinishReason | null;
  model: StoryModel;
  engine: StoryEngine | null;
  /** What the engine says was run; null until it ends. */
  record: StoryRecord | null;
}

const TITLE_WORDS = 7;
const TITLE_LENGTH = 60;
export const LONGEST_TITLE = 120;

/** The first words of an opening, as a title until the person gives a better one. */
export function titleFrom(opening: string): string {
  const words = opening.trim().split(/\s+/u);
  let title = words.slice(0, TITLE_WORDS).join(" ");
  if (title.length > TITLE_LENGTH) title = [...title].slice(0, TITLE_LENGTH).join("");
  title = title.replace(/[\s,;:.–—-]+$/u, "");
  if (title === "") return "Untitled";
  return words.length > TITLE_WORDS ? `${title}\u00a0…` : title;
}

/** A title as typed: one line, not endless; null where nothing is left of it. */
export function cleanTitle(typed: string): string | null {
  const title = [...typed.replace(/\s+/gu, " ").trim()].slice(0, LONGEST_TITLE).join("");
  return title === "" ? null : title;
}

export function describeModel(
  model: ModelInfo,
  verdict: Verdict,
  address: string | null,
  tokenizerSha256: string | null,
): StoryModel {
  return {
    name: model.name,
    format: model.format,
    architecture: model.architecture,
    quantisation: model.quantisation,
    bytes: model.bytes,
    sha256: model.digests.sha256,
    sha3_256: model.digests.sha3_256,
    verdict: verdict.kind,
    address,
    tokenizerSha256,
  };
}

/** The date that the model was told where its chat template asked for it, as the record has it. */
export function dateTold(record: StoryRecord): string | null {
  const { chat } = record;
  if (typeof chat !== "object" || chat === null || Array.isArray(chat)) return null;
  return typeof chat.date === "string" ? chat.date : null;
}

/** The words to read: a request in chat is not part of the story, an opening is. */
export function readingText(story: Pick<Story, "opening" | "text" | "settings">): string {
  return story.settings.mode === "chat" ? story.text.trimStart() : story.opening + story.text;
}

/** How many characters of `readingText` are the person's own. */
export function ownLength(story: Pick<Story, "opening" | "settings">): number {
  return story.settings.mode === "chat" ? 0 : story.opening.length;
}
