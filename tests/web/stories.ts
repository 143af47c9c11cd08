// SPDX-License-Identifier: Apache-2.0
/** Stories for tests. In: what is to be different. Out: a whole story, of an opening and what the model wrote after it. */
import { NO_NOTE, type Passage, type Story, type Take } from "../../web/app/lib/story";

export interface Different extends Partial<Omit<Story, "passages" | "takes">> {
  opening?: string;
  text?: string;
  take?: Partial<Take>;
}

export function makeStory({ opening = "Once upon a time", text, take, ...part }: Different = {}): Story {
  const written = makeTake({
    prompt: opening,
    text: text ?? " there was a fox.\n\nIt could read.",
    ...take,
  });
  const passages: Passage[] = [];
  if (opening !== "" && (part.request ?? null) === null) passages.push({ author: "person", text: opening });
  const { id, text: words } = written;
  if (words !== "") passages.push({ author: "model", take: id, from: 0, to: words.length, tries: [id] });
  return {
    id: "story-1",
    title: "The lighthouse",
    created: Date.UTC(2026, 10, 22, 12),
    changed: Date.UTC(2026, 10, 22, 12, 1),
    request: null,
    memory: "",
    note: NO_NOTE,
    passages,
    takes: [written],
    ...part,
  };
}

function makeTake(part: Partial<Take> = {}): Take {
  return {
    id: "take-1",
    begun: Date.UTC(2026, 10, 22, 12),
    state: "finished",
    prompt: "Once upon a time",
    memory: "",
    note: NO_NOTE,
    text: " there was a fox.",
    settings: {
      mode: "raw",
      maxTokens: 300,
      sampler: {
        seed: "18446744073709551615",
        temperature: 0.8,
        topP: 0.95,
        topK: 40,
        minP: null,
        repeatPenalty: 1.1,
        repeatLastN: 64,
      },
    },
    promptTokens: 5,
    tokens: 12,
    finishReason: "stop",
    model: {
      name: "SmolLM2 135M Instruct",
      format: "GGUF v3",
      architecture: "llama",
      quantisation: "Q4_1",
      bytes: 98362432,
      sha256: "b".repeat(64),
      sha3_256: null,
      verdict: "pinned",
      address: "https://example.org/model.gguf",
      tokenizerSha256: null,
    },
    engine: { version: "0.1.0", numericsVersion: 1, kernels: "relaxed" },
    record: { tokens: [1, 2, 3] },
    ...part,
  };
}

/** A story as it was kept before stories had passages. */
export function makeSingle(part: object = {}): object {
  const { id, title, created, changed, takes } = makeStory();
  const { id: _, begun: _begun, prompt: opening, memory: _memory, note: _note, ...fields } = takes[0]!;
  return { id, title, created, changed, opening, ...fields, ...part };
}
