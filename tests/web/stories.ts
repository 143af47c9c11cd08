// SPDX-License-Identifier: Apache-2.0
/** Stories for tests. In: what is to be different. Out: a whole story. */
import type { Story } from "../../web/app/lib/story";

export function makeStory(part: Partial<Story> = {}): Story {
  return {
    id: "story-1",
    title: "The lighthouse",
    created: Date.UTC(2026, 10, 22, 12),
    changed: Date.UTC(2026, 10, 22, 12, 1),
    state: "finished",
    opening: "Once upon a time",
    text: " there was a fox.\n\nIt could read.",
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
