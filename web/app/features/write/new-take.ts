// SPDX-License-Identifier: Apache-2.0
/**
 * A take as it begins, and what the engine is asked for it.
 *
 * In: the text before it, the settings, the open model, and what the model is reminded of. Out: a story of no words yet, a
 * take of no words yet, and the engine's request.
 */

import type { AuthorsNote, EngineInfo, Verdict, WriteRequest } from "../../../engine/protocol";
import { sourceOf } from "../../lib/choice";
import { describeModel, titleFrom, type Story, type StorySettings, type Take } from "../../lib/story";
import type { OpenModel } from "../model/models.svelte";
import { startsOf, type Segment } from "./text/segments";

/** What the model is told beside the text. */
export interface Reminders {
  memory: string;
  note: AuthorsNote;
}

export function newStory(prompt: string, settings: StorySettings, { memory, note }: Reminders): Story {
  const now = Date.now();
  return {
    id: crypto.randomUUID(),
    title: titleFrom(prompt),
    created: now,
    changed: now,
    request: settings.mode === "chat" ? prompt : null,
    memory,
    note,
    passages: [],
    takes: [],
  };
}

export function newTake(
  prompt: string,
  settings: StorySettings,
  { memory, note }: Reminders,
  open: OpenModel,
  verdict: Verdict,
  info: EngineInfo | null,
): Take {
  const source = sourceOf(open.choice.request, "model");
  const address = source?.kind === "url" ? source.url : null;
  return {
    id: crypto.randomUUID(),
    begun: Date.now(),
    state: "writing",
    prompt,
    memory,
    note,
    text: "",
    settings,
    promptTokens: 0,
    tokens: 0,
    finishReason: null,
    model: describeModel(open.model, verdict, address, open.model.tokenizer?.sha256 ?? null),
    engine: info && { version: info.version, numericsVersion: info.numericsVersion, kernels: info.kernels },
    record: null,
  };
}

/** The request for a take. @param sessionLength the most tokens that a text may take with its prompt. */
export function requestFor(
  { prompt, settings, memory, note }: Take,
  segments: readonly Segment[],
  sessionLength: number,
): WriteRequest {
  const { mode, sampler, maxTokens } = settings;
  const limits = { maxTokens, stop: [] };
  const plain = { kind: "new" as const, prompt, mode, sampler, limits };
  if (mode === "chat") return plain;
  // Where more may be written than ever fits, the text ends where the context does.
  const fits = maxTokens * 2 <= sessionLength;
  return {
    ...plain,
    memory: memory === "" ? null : memory,
    note: note.text === "" ? null : note,
    passages: fits ? startsOf(segments, prompt.length) : null,
  };
}
