// SPDX-License-Identifier: Apache-2.0
/**
 * `chat.completions.create`, for programs that were written against OpenAI's shape.
 *
 * In: parameters as openai.ts types them. Out: a completion, or with `stream` its chunks. Refused, by name: parameters
 * that this engine does not have, and conversations of more than one message, which its records cannot tell.
 */

import { EngineError } from "../errors";
import type { FinishReason, WriteEvent } from "../protocol";
import type { Model } from "./model";
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionParams,
  ChatFinishReason,
  ChatMessage,
  ChatUsage,
} from "./openai";
import type { GenerateOptions } from "./settings";

/** What each parameter is called in Settings; those of null are read here. */
const PARAMETERS = {
  messages: null,
  model: null,
  n: null,
  stream: null,
  stream_options: null,
  seed: "seed",
  max_tokens: "maxTokens",
  max_completion_tokens: "maxTokens",
  temperature: "temperature",
  top_p: "topP",
  top_k: "topK",
  min_p: "minP",
  repeat_penalty: "repeatPenalty",
  min_tokens: "minTokens",
  dry_multiplier: "dryMultiplier",
  dry_base: "dryBase",
  dry_allowed_length: "dryAllowedLength",
  dry_penalty_last_n: "dryLastN",
  dry_sequence_breakers: "drySequenceBreakers",
  xtc_probability: "xtcProbability",
  xtc_threshold: "xtcThreshold",
  stop: "stop",
} as const satisfies Record<keyof ChatCompletionParams, keyof GenerateOptions | null>;

const REASONS: Record<FinishReason, ChatFinishReason> = {
  stop: "stop",
  "stop-string": "stop",
  length: "length",
  context: "length",
  stopped: "abort",
};

/** What OpenAI has in the second argument, as far as it is here. */
export interface CompletionOptions {
  /** Ends the text; the finish reason is then `abort`. */
  signal?: AbortSignal | undefined;
}

/** OpenAI's `chat.completions`, for the model that is open. */
export class Completions {
  /** @param fingerprint of the engine. */
  constructor(
    private readonly openModel: () => Model,
    private readonly fingerprint: string,
  ) {}

  /** Answers in chunks, the text as it is written. Leaving the loop ends it. */
  create(
    params: ChatCompletionParams & { stream: true },
    options?: CompletionOptions,
  ): Promise<AsyncIterable<ChatCompletionChunk>>;
  /** Answers once the text is whole. */
  create(
    params: ChatCompletionParams & { stream?: false | null | undefined },
    options?: CompletionOptions,
  ): Promise<ChatCompletion>;
  /** Answers in either way. */
  create(
    params: ChatCompletionParams,
    options?: CompletionOptions,
  ): Promise<ChatCompletion | AsyncIterable<ChatCompletionChunk>>;
  async create(
    params: ChatCompletionParams,
    { signal }: CompletionOptions = {},
  ): Promise<ChatCompletion | AsyncIterable<ChatCompletionChunk>> {
    const model = this.openModel();
    const settings = settingsOf(params, model);
    const { role, prompt } = promptOf(params.messages);
    const options = { ...settings, signal };
    const events = role === "user" ? model.chat(prompt, options) : model.story(prompt, options);
    const common = {
      id: `chatcmpl-${crypto.randomUUID()}`,
      created: Math.floor(Date.now() / 1000),
      model: model.info.name,
      system_fingerprint: this.fingerprint,
    };
    if (params.stream === true) return chunks(events, common, params.stream_options?.include_usage === true);
    return completion(events, common);
  }
}

type Common = Pick<ChatCompletionChunk, "id" | "created" | "model" | "system_fingerprint">;
type Events = AsyncIterable<WriteEvent>;
type Finished = Extract<WriteEvent, { kind: "finished" }>;

async function completion(events: Events, common: Common): Promise<ChatCompletion> {
  let content = "";
  for await (const event of events) {
    if (event.kind === "token") content += event.text;
    if (event.kind !== "finished") continue;
    const message = { role: "assistant", content: content + event.text } as const;
    const choice = { index: 0, message, finish_reason: REASONS[event.reason], logprobs: null } as const;
    return { ...common, object: "chat.completion", choices: [choice], usage: usageOf(event) };
  }
  throw new EngineError({ code: "no-ending", message: "The text ended without a word. Ask again." });
}

async function* chunks(
  events: Events,
  common: Common,
  withUsage: boolean,
): AsyncGenerator<ChatCompletionChunk, void, void> {
  type Choice = ChatCompletionChunk["choices"][number];
  const chunk = (delta: Choice["delta"], finish_reason: Choice["finish_reason"]): ChatCompletionChunk => ({
    ...common,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, finish_reason, logprobs: null }],
    ...(withUsage ? { usage: null } : {}),
  });
  yield chunk({ role: "assistant", content: "" }, null);
  for await (const event of events) {
    if ((event.kind === "token" || event.kind === "finished") && event.text !== "") {
      yield chunk({ content: event.text }, null);
    }
    if (event.kind !== "finished") continue;
    yield chunk({}, REASONS[event.reason]);
    if (withUsage) yield { ...common, object: "chat.completion.chunk", choices: [], usage: usageOf(event) };
  }
}

function usageOf({ stats }: Finished): ChatUsage {
  const { promptTokens, tokens } = stats;
  return { prompt_tokens: promptTokens, completion_tokens: tokens, total_tokens: promptTokens + tokens };
}

function settingsOf(params: ChatCompletionParams, model: Model): GenerateOptions {
  const settings: Record<string, unknown> = { maxTokens: model.info.sessionLength };
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === null) continue;
    if (!Object.hasOwn(PARAMETERS, name)) throw unsupported(name);
    const setting = PARAMETERS[name as keyof typeof PARAMETERS];
    if (setting !== null) settings[setting] = value;
  }
  if ((params.n ?? 1) !== 1) throw unsupported("n", "Only one choice is written at a time.");
  if ((params.model ?? model.info.name) !== model.info.name) {
    throw unsupported(
      "model",
      `The model that is open is "${model.info.name}": leave it out, or give that name.`,
    );
  }
  return settings;
}

function promptOf(messages: ChatCompletionParams["messages"]): { role: ChatMessage["role"]; prompt: string } {
  const [message, ...more] = Array.isArray(messages) ? messages : [];
  const role = message?.role;
  if (message === undefined || (role !== "user" && role !== "assistant") || more.length > 0) {
    const why =
      "One message with the role user is answered, or one with the role assistant gone on with as a story.";
    throw unsupported("messages", why);
  }
  return { role: message.role, prompt: textOf(message.content) };
}

function textOf(content: ChatMessage["content"]): string {
  if (typeof content === "string") return content;
  const parts = Array.isArray(content) ? content : [];
  if (parts.length === 0 || parts.some((part) => part.type !== "text")) {
    throw unsupported("messages", "Its content is a text, or a list of parts of the type text.");
  }
  return parts.map((part) => part.text).join("");
}

function unsupported(
  parameter: string,
  why = `Leave it out. There are: ${Object.keys(PARAMETERS).join(", ")}.`,
): EngineError {
  return new EngineError({
    code: "unsupported-parameter",
    message: `The engine can't do what "${parameter}" asks for. ${why}`,
    details: { parameter },
  });
}
