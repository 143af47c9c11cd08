// SPDX-License-Identifier: Apache-2.0
/**
 * What the application on the wallet's chain answers, read strictly.
 *
 * In: a way to ask, questions in GraphQL that carry their values as variables, never pasted in, and a schema of the
 * answer. Out: its data. Refused, as an error and never as an answer: errors of GraphQL, anything of another shape, and
 * pages that lead round in a circle.
 */

import * as v from "valibot";
import type { Json } from "../../engine/protocol";
import { list, object, read, readJson, some, text } from "../../shared/json";
import { chainError } from "../errors";

/** Asks the application on the wallet's chain; gives its answer as text. */
export type Ask = (query: string, variables: { [key: string]: Json }) => Promise<string>;

const Failure = object({
  message: text,
  extensions: v.nullish(object({ code: v.optional(v.unknown(), null) })),
});
const Answer = object({ data: v.optional(v.unknown()), errors: v.nullish(some(Failure)) });

export const wrong = (where: string, what: string): Error =>
  chainError("registry-invalid", `${where} ${what}.`);

/** A part of a list; `next` is where the following one begins, null at the end. */
export const page = <I extends v.GenericSchema, N extends v.GenericSchema>(item: I, next: N) =>
  object({ items: list(item), next: v.nullable(next) });

/** Where the next page of a list begins; null at its end. */
export function nextOf(next: number | null, after: number | null, where: string): number | null {
  if (next !== null && after !== null && next <= after) throw wrong(where, "leads round in a circle");
  return next;
}

/** The data of an answer; its errors thrown. */
export function dataOf<S extends v.GenericSchema>(json: string, schema: S): v.InferOutput<S> {
  return read(schema, withoutErrors(json, "registry-refused"), "its data", wrong);
}

/** Has the wallet's chain make a block with one operation. What it gives back says no more than that it was made. */
export async function act(
  ask: Ask,
  mutation: string,
  variables: { [key: string]: Json } = {},
): Promise<void> {
  withoutErrors(await ask(mutation, variables), "chain-refused");
}

/** The data of an answer whose errors were thrown; the application's own code for the first of them is the cause. */
function withoutErrors(json: string, refused: "registry-refused" | "chain-refused"): unknown {
  const { data, errors } = readJson(Answer, json, "it", wrong);
  const [first] = errors ?? [];
  if (first) throw chainError(refused, first.message, first.extensions?.code ?? null);
  return data;
}
