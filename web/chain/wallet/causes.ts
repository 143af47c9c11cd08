// SPDX-License-Identifier: Apache-2.0
/**
 * What the chain's client says when something fails, in words that are meant for its makers.
 *
 * In: what it threw, and what was being done. Out: an error with a sentence for the person. What is not known here is told
 * as what was being done.
 */

import type { EngineError } from "../../engine/errors";
import { chainError, type ChainCode } from "../errors";

/** The first that fits holds: a block that nobody can pay for fails inside of the application. */
const CAUSES: readonly (readonly [RegExp, ChainCode, string])[] = [
  [/ApplicationDescription/, "wrong-network", "it has no such application."],
  [/blobs? not found/i, "blob-missing", "a part of it."],
  [/Failed to instantiate Wasm module/, "wrong-network", "its application is of another kind."],
  [/fees exceeded the total funding|insufficient (balance|fund)/i, "no-funds", ""],
  [/size of the block exceeds|too much fuel|number of bytes (read|written)/i, "block-too-large", ""],
  [/RuntimeError: unreachable/, "application-failed", ""],
];

export function chainFailure(doing: "faucet-unreachable" | "chain-unreachable", cause: unknown): EngineError {
  const said = cause instanceof Error ? cause.message : String(cause);
  const [, code, what] = CAUSES.find(([words]) => words.test(said)) ?? [null, doing, ""];
  return chainError(code, what, cause);
}
