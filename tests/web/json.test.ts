// SPDX-License-Identifier: Apache-2.0
/** JSON from outside: what is said of a value that is not as it should be, and where it is. */
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import {
  anything,
  count,
  decimal,
  digest,
  exactly,
  flag,
  list,
  object,
  oneOf,
  optional,
  read,
  readJson,
  some,
  text,
  words,
} from "../../web/shared/json";

const refuse = (where: string, what: string): Error => new Error(`${where} ${what}.`);
const DIGEST = "ab".repeat(32);

function said(schema: v.GenericSchema, value: unknown): string {
  try {
    read(schema, value, "it", refuse);
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return "taken";
}

describe("a value", () => {
  it.each<[v.GenericSchema, unknown, string]>([
    [text, "é", "taken"],
    [text, "", "it is not a text."],
    [text, 7, "it is not a text."],
    [text, "half \ud800", "it has half of a character in it."],
    [words, "", "taken"],
    [count(), 1, "taken"],
    [count(), 0, "it is not a whole number from 1 up."],
    [count(0), 0, "taken"],
    [count(), 1.5, "it is not a whole number from 1 up."],
    [count(), 2 ** 53, "it is not a whole number from 1 up."],
    [count(), "1", "it is not a whole number from 1 up."],
    [decimal, Infinity, "it is not a number."],
    [digest, DIGEST, "taken"],
    [digest, DIGEST.toUpperCase(), "it is not a digest of 64 hexadecimal digits."],
    [digest, `${DIGEST}\n`, "it is not a digest of 64 hexadecimal digits."],
    [flag, 0, "it is neither true nor false."],
    [oneOf("a", "b"), "c", "it is unknown."],
    [anything, {}, "taken"],
    [anything, [], "it is not an object."],
    [object({}), null, "it is not an object."],
    [object({}), [], "it is not an object."],
    [object({ a: text }), { a: "x", b: 1 }, "taken"],
    [exactly({ a: text }), { a: "x", b: 1 }, 'it, field "b", is not known.'],
    [object({ a: v.nullable(text) }), {}, 'it, field "a", is missing.'],
    [object({ a: optional(text) }), {}, "taken"],
    [list(text), {}, "it is not a list."],
    [some(text), [], "it is empty."],
    [list(object({ a: text })), [{ a: "x" }, { a: 1 }], 'it 2, field "a", is not a text.'],
    [object({ files: list(object({ a: text })) }), { files: [{}] }, 'it, files 1, field "a", is missing.'],
    [object({ files: list(text) }), { files: ["a", 1] }, "it, files 2 is not a text."],
    [object({ files: list(text) }), { files: null }, 'it, field "files", is not a list.'],
  ])("%# is told in one sentence", (schema, value, sentence) => expect(said(schema, value)).toBe(sentence));

  it("that is left out is null, and has no fields but those of its schema", () => {
    const schema = object({ a: optional(text), b: text });
    expect(read(schema, { b: "x", c: 1 }, "it", refuse)).toEqual({ a: null, b: "x" });
  });

  it("is read from text that is JSON", () => {
    expect(readJson(list(flag), "[true]", "it", refuse)).toEqual([true]);
    expect(() => readJson(list(flag), "<html>", "it", refuse)).toThrow("it is not JSON.");
  });
});
