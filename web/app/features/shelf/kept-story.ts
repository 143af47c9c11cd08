// SPDX-License-Identifier: Apache-2.0
/**
 * What a browser has kept as a story, read as one.
 *
 * In: what IndexedDB or a file has. Out: a story, or null where it is none that the page can show. Another version of the
 * page, a browser that was killed while it wrote, or an extension may have left something else there. Stories that were
 * kept before they had passages had one opening and one text of the model: they become two passages and a take.
 */

import * as v from "valibot";
import { NO_NOTE, type Passage, type Story, type Take } from "../../lib/story";

const Whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const Note = v.looseObject({ text: v.string(), depth: v.number() });
const States = v.picklist(["writing", "finished"]);

/** Only what the page cannot do without; whatever else stands beside it is kept. */
const TakeFields = {
  state: States,
  text: v.string(),
  tokens: v.number(),
  settings: v.looseObject({
    mode: v.string(),
    maxTokens: v.number(),
    sampler: v.looseObject({}),
  }),
  model: v.looseObject({
    name: v.string(),
    quantisation: v.string(),
    sha256: v.string(),
    verdict: v.string(),
  }),
};

const TakeShape = v.looseObject({
  id: v.string(),
  begun: v.number(),
  prompt: v.string(),
  memory: v.string(),
  note: Note,
  ...TakeFields,
});

const PassageShape = v.variant("author", [
  v.looseObject({ author: v.literal("person"), text: v.string() }),
  v.looseObject({
    author: v.literal("model"),
    take: v.string(),
    from: Whole,
    to: Whole,
    tries: v.array(v.string()),
  }),
]);

const Facts = { id: v.string(), title: v.string(), created: v.number(), changed: v.number() };

const StoryShape = v.looseObject({
  ...Facts,
  request: v.nullable(v.string()),
  memory: v.string(),
  note: Note,
  passages: v.array(PassageShape),
  takes: v.array(TakeShape),
});

/** As stories were kept when each was an opening and one text. */
const SingleShape = v.looseObject({ ...Facts, opening: v.string(), ...TakeFields });

type Single = Pick<Story, "id" | "title" | "created" | "changed"> &
  Omit<Take, "id" | "begun" | "prompt" | "memory" | "note"> & { opening: string };

/** A story from what was kept; null where it is none. */
export function readStory(kept: unknown): Story | null {
  if (isStory(kept)) return kept;
  return isSingle(kept) ? fromSingle(kept) : null;
}

function isStory(kept: unknown): kept is Story {
  return v.is(StoryShape, kept) && fitsTogether(kept);
}

function isSingle(kept: unknown): kept is Single {
  return v.is(SingleShape, kept);
}

/** Whether the passages show what there is. */
function fitsTogether({ passages, takes }: v.InferOutput<typeof StoryShape>): boolean {
  const lengths = new Map(takes.map((take) => [take.id, take.text.length]));
  return passages.every(
    (passage) =>
      passage.author === "person" ||
      (passage.from < passage.to &&
        passage.to <= (lengths.get(passage.take) ?? -1) &&
        passage.tries.includes(passage.take) &&
        passage.tries.every((id) => lengths.has(id))),
  );
}

function fromSingle({ id, title, created, changed, opening, ...rest }: Single): Story {
  const { state, text, settings, tokens, model } = rest;
  const take: Take = {
    ...{ id: `${id}-1`, begun: created, prompt: opening, state, text, settings, tokens, model },
    memory: "",
    note: NO_NOTE,
    promptTokens: rest.promptTokens ?? 0,
    finishReason: rest.finishReason ?? null,
    engine: rest.engine ?? null,
    record: rest.record ?? null,
  };
  const inChat = settings.mode === "chat";
  const passages: Passage[] = inChat || opening === "" ? [] : [{ author: "person", text: opening }];
  if (text !== "")
    passages.push({ author: "model", take: take.id, from: 0, to: text.length, tries: [take.id] });
  const request = inChat ? opening : null;
  return {
    ...{ id, title, created, changed, request, passages },
    memory: "",
    note: NO_NOTE,
    takes: [take],
  };
}
