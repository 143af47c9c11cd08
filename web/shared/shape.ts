// SPDX-License-Identifier: Apache-2.0
/**
 * Fields out of JSON that somebody else wrote.
 *
 * In: a decoded value and where it stands. Out: the field, of the type asked for. Refused, by the error that the caller
 * makes of it: a field that is missing, or of another type. Nothing is converted, and nothing is guessed.
 */

import type { Json } from "../engine/protocol";

export type Fields = { [key: string]: Json };
export type Refuse = (where: string, what: string) => Error;

export class Shape {
  constructor(private readonly refuse: Refuse) {}

  /** What a text holds as JSON. */
  decode(text: string, where: string): Json {
    try {
      return JSON.parse(text) as Json;
    } catch {
      throw this.refuse(where, "is not JSON");
    }
  }

  fields(value: Json | undefined, where: string): Fields {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    throw this.refuse(where, "is not an object");
  }

  text(from: Fields, key: string, where: string): string {
    const value = from[key];
    if (typeof value !== "string" || value === "") throw this.refuse(this.at(where, key), "is not a text");
    // JSON can spell half of a character alone, which is no Unicode: Python, files and addresses cannot take it.
    if (/\p{Cs}/u.test(value)) throw this.refuse(this.at(where, key), "has half of a character in it");
    return value;
  }

  /** A whole number that is not less than `least`. */
  count(from: Fields, key: string, where: string, least = 1): number {
    const value = from[key];
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return value;
    throw this.refuse(this.at(where, key), `is not a whole number from ${least} up`);
  }

  flag(from: Fields, key: string, where: string): boolean {
    const value = from[key];
    if (typeof value === "boolean") return value;
    throw this.refuse(this.at(where, key), "is neither true nor false");
  }

  list(from: Fields, key: string, where: string): Json[] {
    const value = from[key];
    if (Array.isArray(value)) return value;
    throw this.refuse(this.at(where, key), "is not a list");
  }

  /** 32 bytes in lower-case hexadecimal. */
  digest(from: Fields, key: string, where: string): string {
    const value = this.text(from, key, where);
    if (/^[0-9a-f]{64}$/.test(value)) return value;
    throw this.refuse(this.at(where, key), "is not a digest of 64 hexadecimal digits");
  }

  private at(where: string, key: string): string {
    return `${where}, field "${key}",`;
  }
}
