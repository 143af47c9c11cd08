// SPDX-License-Identifier: Apache-2.0
/** Errors of the engine as the page meets them: a stable code, a sentence for a person, the facts behind it. */

import type { ErrorData, Json, Verdict } from "./protocol";

/** Every error of the engine: a stable code, a sentence that says what to do, and the facts behind it. */
export class EngineError extends Error {
  readonly code: string;
  readonly details: { [key: string]: Json };
  /** There where a file was refused: expected and computed digests. */
  readonly verdict: Verdict | null;

  constructor(data: {
    code: string;
    message: string;
    details?: { [key: string]: Json };
    verdict?: Verdict | null;
  }) {
    super(data.message);
    this.name = "EngineError";
    this.code = data.code;
    this.details = data.details ?? {};
    this.verdict = data.verdict ?? null;
  }

  /** What a structured clone can carry. */
  toData(): ErrorData {
    return { code: this.code, message: this.message, details: this.details, verdict: this.verdict };
  }
}

/** What ends that the person has stopped. */
export function cancelled(): EngineError {
  return new EngineError({ code: "cancelled", message: "Stopped before it was done, as you asked." });
}

/** Any thrown value as an EngineError; what is unknown gets the code and the sentence given. */
export function toEngineError(thrown: unknown, code: string, sentence: string): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const cause = thrown instanceof Error ? thrown.message : String(thrown);
  return new EngineError({ code, message: sentence, details: { cause } });
}
