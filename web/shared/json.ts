// SPDX-License-Identifier: Apache-2.0
/**
 * JSON that somebody else wrote, read by schemas of valibot's.
 *
 * In: a text or a decoded value, and a schema. Out: the value, of the schema's type. Refused, by the error that the caller
 * makes of it: the first thing that is not as the schema says, with its path and what is wrong with it. Nothing is
 * converted, and nothing is guessed.
 */

import * as v from "valibot";

/** Makes the error; `where` and `what` are a sentence together. */
export type Refuse = (where: string, what: string) => Error;

/** @param it what the value as a whole is called. */
export function read<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  it: string,
  refuse: Refuse,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw refuse(place(it, issue.path?.map(({ key }) => key) ?? []), issue.message);
}

/** The same of a text. */
export function readJson<S extends v.GenericSchema>(
  schema: S,
  text: string,
  it: string,
  refuse: Refuse,
): v.InferOutput<S> {
  return read(schema, decoded(text, it, refuse), it, refuse);
}

function decoded(text: string, it: string, refuse: Refuse): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refuse(it, "is not JSON");
  }
}

/** For example `it, models 1, files 2, field "size",`. */
function place(it: string, path: unknown[]): string {
  const parts = [it];
  for (const [i, key] of path.entries()) {
    if (typeof key === "number") parts[parts.length - 1] += ` ${key + 1}`;
    else parts.push(i === path.length - 1 ? `field "${String(key)}"` : String(key));
  }
  return parts.length > 1 && typeof path.at(-1) !== "number" ? `${parts.join(", ")},` : parts.join(", ");
}

/** Lists are objects too, which nobody means. */
const unlisted = v.custom<object>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "is not an object",
);

/** An object with these fields; what else is in it is left out. */
export const object = <const E extends v.ObjectEntries>(entries: E) =>
  v.pipe(unlisted, v.object(entries, "is missing"));

/** An object with these fields and no others. */
export const exactly = <const E extends v.ObjectEntries>(entries: E) =>
  v.pipe(
    unlisted,
    v.strictObject(entries, ({ expected }) => (expected === "never" ? "is not known" : "is missing")),
  );

/** An object whose fields are looked at later, or by others. */
export const anything = v.pipe(unlisted, v.record(v.string(), v.unknown()));

export const list = <S extends v.GenericSchema>(item: S) => v.array(item, "is not a list");

/** A list with something in it. */
export const some = <S extends v.GenericSchema>(item: S) => v.pipe(list(item), v.nonEmpty("is empty"));

/** A text, which may be empty. */
export const words = v.string("is not a text");

/** JSON can spell half of a character alone, which is no Unicode: Python, files and addresses cannot take it. */
export const text = v.pipe(
  words,
  v.nonEmpty("is not a text"),
  v.check((value) => !/\p{Cs}/u.test(value), "has half of a character in it"),
);

/** What may be left out, or be null, which is the same. */
export const optional = <S extends v.GenericSchema>(schema: S) => v.optional(v.nullable(schema), null);

export const oneOf = <const T extends readonly string[]>(...known: T) => v.picklist(known, "is unknown");

export const flag = v.boolean("is neither true nor false");

export const decimal = v.pipe(v.number("is not a number"), v.finite("is not a number"));

/** A whole number that is not less than `least`. */
export function count(least = 1) {
  const wrong = `is not a whole number from ${least} up`;
  return v.pipe(v.number(wrong), v.safeInteger(wrong), v.minValue(least, wrong));
}

/** 32 bytes in lower-case hexadecimal. */
export const digest = v.pipe(text, v.regex(/^[0-9a-f]{64}$/, "is not a digest of 64 hexadecimal digits"));
