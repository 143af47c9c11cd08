// SPDX-License-Identifier: Apache-2.0
/**
 * A model that is open, as a program uses it.
 *
 * In: a prompt and settings. Out: the engine's events, one by one, and afterwards the record that writes the same text
 * again. Refused: everything once another model was opened in its place, or the engine was closed.
 */

import type { EngineClient } from "../client";
import { EngineError } from "../errors";
import type {
  ModelInfo,
  Place,
  StoryRecord,
  Verdict,
  WriteEvent,
  WriteMode,
  WriteRequest,
} from "../protocol";
import { writeRequest, type GenerateOptions } from "./settings";

/** A model that is open, until another is opened in its place. */
export class Model {
  private last: StoryRecord | null = null;

  /** @param isOpen whether it is still the one that is open. */
  constructor(
    private readonly client: EngineClient,
    /** What is known of the model from its file. */
    readonly info: ModelInfo,
    /** What vouched for its bytes. */
    readonly verdict: Verdict,
    private readonly isOpen: () => boolean,
  ) {}

  /** Everything that writes the last text again, as JSON; null before there is one. */
  get record(): StoryRecord | null {
    return this.last;
  }

  /** Goes on from an opening. The last event is `finished`; leaving the loop ends the text. */
  generate(prompt: string, options: GenerateOptions = {}): AsyncGenerator<WriteEvent, void, void> {
    return this.begin(prompt, "raw", options);
  }

  /** Answers one request, put into the form that the model was trained on. */
  chat(prompt: string, options: GenerateOptions = {}): AsyncGenerator<WriteEvent, void, void> {
    return this.begin(prompt, "chat", options);
  }

  /** Asks for a story in the form that the model was trained on; the prompt is the beginning of its answer. */
  story(prompt: string, options: GenerateOptions = {}): AsyncGenerator<WriteEvent, void, void> {
    return this.begin(prompt, "story", options);
  }

  /** Goes on with the last text, which becomes the one that a higher `maxTokens` would have given. */
  continue(maxTokens: number, signal?: AbortSignal): AsyncGenerator<WriteEvent, void, void> {
    return this.write({ kind: "continue", maxTokens }, signal);
  }

  /**
   * What else could have stood in the last text: of each token from `begin` on, `end` not included, the `count` likeliest
   * with the logarithms of their probabilities. Left out, all of it, and ten of each.
   */
  async alternatives(
    { begin = 0, end, count = 10 }: { begin?: number; end?: number; count?: number } = {},
    signal?: AbortSignal,
  ): Promise<Place[]> {
    this.requireOpen();
    const promptTokens = (this.last?.prompt_tokens ?? []) as number[];
    const tokens = (this.last?.tokens ?? []) as number[];
    const request = { promptTokens, tokens, begin, end: end ?? tokens.length, count };
    return this.client.alternatives(request, signal);
  }

  /** The vector of a text, of length 1; for a model that was opened for "embed". */
  async embed(text: string): Promise<number[]> {
    this.requireOpen();
    return this.client.embed(text);
  }

  private begin(
    prompt: string,
    mode: WriteMode,
    options: GenerateOptions,
  ): AsyncGenerator<WriteEvent, void, void> {
    return this.write(writeRequest(prompt, mode, options), options.signal);
  }

  private async *write(
    request: WriteRequest,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<WriteEvent, void, void> {
    this.requireOpen();
    for await (const event of this.client.write(request, signal)) {
      if (event.kind === "finished") this.last = event.record;
      yield event;
    }
  }

  private requireOpen(): void {
    if (this.isOpen()) return;
    throw new EngineError({
      code: "model-closed",
      message: `${this.info.name} is no longer open: another model was opened, or the engine ended. Open it again.`,
      details: { name: this.info.name },
    });
  }
}
