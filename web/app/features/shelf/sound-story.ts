// SPDX-License-Identifier: Apache-2.0
/**
 * Whether something is a story that the page can show.
 *
 * In: what IndexedDB has kept. Out: yes or no. Another version of the page, a browser that was killed while it wrote, or an
 * extension may have left something else there.
 */

import type { Story } from "../../lib/story";

type Kind = "string" | "number" | "object";
type Kinds = [key: string, kind: Kind][];

const STORY: Kinds = [
  ["id", "string"],
  ["title", "string"],
  ["created", "number"],
  ["changed", "number"],
  ["opening", "string"],
  ["text", "string"],
  ["tokens", "number"],
];
const SETTINGS: Kinds = [
  ["mode", "string"],
  ["maxTokens", "number"],
  ["sampler", "object"],
];
const MODEL: Kinds = [
  ["name", "string"],
  ["quantisation", "string"],
  ["sha256", "string"],
  ["verdict", "string"],
];

function has(value: unknown, kinds: Kinds): boolean {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as { [key: string]: unknown };
  return kinds.every(
    ([key, kind]) => typeof fields[key] === kind && fields[key] !== null && !Number.isNaN(fields[key]),
  );
}

export function isStory(value: unknown): value is Story {
  if (!has(value, STORY)) return false;
  const { settings, model } = value as { settings: unknown; model: unknown };
  return has(settings, SETTINGS) && has(model, MODEL);
}
