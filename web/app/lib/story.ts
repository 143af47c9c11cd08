// SPDX-License-Identifier: Apache-2.0
/**
 * A story as it is kept: its passages, and everything needed to write those of the model again.
 *
 * In: what the person wrote, what was asked of the engine, and what it answered. Out: plain data that IndexedDB and JSON
 * carry alike. A passage has one author. One of the model shows a part of a take, which keeps its own prompt, seed and
 * settings: it can be written again to the same bit, whatever the person changed before or after it.
 */

import type {
  AuthorsNote,
  EngineInfo,
  FinishReason,
  ModelInfo,
  SamplerSettings,
  StoryRecord,
  Verdict,
  WriteMode,
} from "../../engine/protocol";
import type { Span } from "./paragraphs";

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

/** What a take was asked for with. */
export interface StorySettings {
  mode: WriteMode;
  sampler: Omit<SamplerSettings, "seed"> & { seed: string | null };
  maxTokens: number;
}

/** `writing`: the page has not been told yet that it ended; found on the shelf, it was interrupted. */
export type TakeState = "writing" | "finished";

/** One text of the model, and everything needed to write it again. Whatever is done to the story, it stays as it is. */
export interface Take {
  id: string;
  /** Milliseconds since 1970. */
  begun: number;
  state: TakeState;
  /** What it was given: the story before it; in chat, what was asked for. */
  prompt: string;
  /** What it was told beside it. */
  memory: string;
  note: AuthorsNote;
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

/** A stretch of text with one author. */
export type Passage = PersonPassage | ModelPassage;

export interface PersonPassage {
  author: "person";
  text: string;
}

/** A part of a take: all of it, until somebody edits it. */
export interface ModelPassage {
  author: "model";
  /** The id of the take that is shown. */
  take: string;
  /** The part of the take's text that stands here. */
  from: number;
  to: number;
  /** The ids of all takes that were tried here, in order, the one that is shown among them. */
  tries: string[];
}

export interface Story {
  id: string;
  title: string;
  /** Milliseconds since 1970. */
  created: number;
  changed: number;
  /** In chat, what was asked for, which is no part of the text; else null. */
  request: string | null;
  /** What the model must not forget; empty for nothing. */
  memory: string;
  /** What it is reminded of before one of the last paragraphs; its text may be empty. */
  note: AuthorsNote;
  /** In order; none of them is empty. */
  passages: Passage[];
  /** In the order in which they were begun; the passages show parts of them. */
  takes: Take[];
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

/** Three paragraphs from the end the note is near, and does not break into what is being written. */
export const NO_NOTE: AuthorsNote = { text: "", depth: 3 };

export function takeOf(story: Pick<Story, "takes">, id: string): Take | null {
  return story.takes.find((take) => take.id === id) ?? null;
}

function passageText(story: Pick<Story, "takes">, passage: Passage): string {
  if (passage.author === "person") return passage.text;
  return takeOf(story, passage.take)?.text.slice(passage.from, passage.to) ?? "";
}

/** The words to read. A request in chat is not among them. */
export function readingText(story: Pick<Story, "passages" | "takes">): string {
  return story.passages.map((passage) => passageText(story, passage)).join("");
}

/** Where the person's own words stand in the text. */
export function ownSpans(story: Pick<Story, "passages" | "takes">): Span[] {
  const spans: Span[] = [];
  let start = 0;
  for (const passage of story.passages) {
    const end = start + passageText(story, passage).length;
    if (passage.author === "person") spans.push([start, end]);
    start = end;
  }
  return spans;
}

/** The takes of which something stands in the text, in its order. */
export function shownTakes(story: Pick<Story, "passages" | "takes">): Take[] {
  const ids = new Set(story.passages.map((passage) => (passage.author === "model" ? passage.take : "")));
  return [...ids].map((id) => takeOf(story, id)).filter((take) => take !== null);
}

/** The newest of a story's takes; null where the model has not written yet. */
export function lastTake(story: Pick<Story, "takes">): Take | null {
  return story.takes.at(-1) ?? null;
}

/** The take that is the whole story with its prompt, as nobody has edited it; null where there is none. */
export function wholeTake(story: Pick<Story, "passages" | "takes" | "request">): Take | null {
  const before = story.passages.slice(0, -1);
  const last = story.passages.at(-1);
  if (last?.author !== "model") return null;
  const take = takeOf(story, last.take);
  if (!take || last.from !== 0 || last.to !== take.text.length) return null;
  const prompt =
    story.request ?? before.map((each) => (each.author === "person" ? each.text : null)).join("");
  const opening = story.request === null ? before.length === 1 : before.length === 0;
  return opening && prompt === take.prompt ? take : null;
}
