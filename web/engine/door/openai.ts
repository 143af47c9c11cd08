// SPDX-License-Identifier: Apache-2.0
/**
 * OpenAI's chat completions, as far as this engine has them.
 *
 * Source: the Chat Completions API reference; web-llm for the finish reason `abort`, wllama for top_k, min_p and
 * repeat_penalty, vLLM for min_tokens, and llama.cpp's server for dry_ and xtc_, which OpenAI does not have.
 */

/** Text, as a part of a message. */
export interface ChatTextPart {
  type: "text";
  text: string;
}

/** What the user asks, or how the assistant's story begins. */
export interface ChatMessage {
  role: "user" | "assistant";
  content: string | ChatTextPart[];
}

/** What `chat.completions.create` takes. Parameters that are not here are refused by name. */
export interface ChatCompletionParams {
  /**
   * One message. One of the user is answered; one of the assistant is the beginning of a story, and is gone on with: what
   * others call `continue_final_message`. The answer does not repeat it.
   */
  messages: ChatMessage[];
  /** The open model's name, where it is given. */
  model?: string | null | undefined;
  stream?: boolean | null | undefined;
  stream_options?: { include_usage?: boolean | undefined } | null | undefined;
  /** 0 to 2^64 - 1; as a string or a bigint above 2^53 - 1. */
  seed?: number | bigint | string | null | undefined;
  /** Left out: as many as the context has room for. */
  max_tokens?: number | null | undefined;
  max_completion_tokens?: number | null | undefined;
  temperature?: number | null | undefined;
  top_p?: number | null | undefined;
  top_k?: number | null | undefined;
  min_p?: number | null | undefined;
  repeat_penalty?: number | null | undefined;
  min_tokens?: number | null | undefined;
  dry_multiplier?: number | null | undefined;
  dry_base?: number | null | undefined;
  dry_allowed_length?: number | null | undefined;
  /** -1 is all tokens, 0 is off. */
  dry_penalty_last_n?: number | null | undefined;
  dry_sequence_breakers?: string[] | null | undefined;
  xtc_probability?: number | null | undefined;
  xtc_threshold?: number | null | undefined;
  stop?: string | string[] | null | undefined;
  n?: 1 | null | undefined;
}

/** `abort`: the signal ended it. */
export type ChatFinishReason = "stop" | "length" | "abort";

/** How many tokens were read and written. */
export interface ChatUsage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

interface Common {
  id: string;
  /** Seconds since 1970. */
  created: number;
  model: string;
  /** The same fingerprint and seed give the same bits. */
  system_fingerprint: string;
}

/** A whole answer. */
export interface ChatCompletion extends Common {
  object: "chat.completion";
  choices: {
    index: 0;
    message: { role: "assistant"; content: string };
    finish_reason: ChatFinishReason;
    logprobs: null;
  }[];
  usage: ChatUsage;
}

/** A part of an answer that is streamed. */
export interface ChatCompletionChunk extends Common {
  object: "chat.completion.chunk";
  /** Empty in the last chunk, where that has the usage. */
  choices: {
    index: 0;
    delta: { role?: "assistant"; content?: string };
    finish_reason: ChatFinishReason | null;
    logprobs: null;
  }[];
  /** There where stream_options asked for it; null but in the last chunk. */
  usage?: ChatUsage | null;
}
