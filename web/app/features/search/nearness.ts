// SPDX-License-Identifier: Apache-2.0
/** How near texts are to each other. In: vectors of length 1, and words. Out: what is nearest, and what has the words. */

import { readingText, type Story } from "../../lib/story";

export interface Near {
  story: Story;
  /** The cosine of the angle between the two: 1 for the same text, about 0 for texts that have nothing in common. */
  nearness: number;
}

/** A story's vector, and what it was made of. */
export interface StoryVector {
  /** The story's id. */
  story: string;
  /** The SHA-256 of the text, and of the model's weights. */
  text: string;
  model: string;
  vector: Float32Array;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** The stories that are at least so near, nearest first, at most so many. */
export function nearest(
  to: Float32Array,
  among: { story: Story; vector: Float32Array }[],
  floor: number,
  most: number,
): Near[] {
  return among
    .map(({ story, vector }) => ({ story, nearness: dot(to, vector) }))
    .filter(({ nearness }) => nearness >= floor)
    .sort((a, b) => b.nearness - a.nearness)
    .slice(0, most);
}

/** The stories that have all of the words, in their titles or texts, whatever their case. */
export function withWords(stories: Story[], typed: string): Story[] {
  const words = typed.toLocaleLowerCase().split(/\s+/u).filter(Boolean);
  return stories.filter((story) => {
    const text = `${story.title} ${readingText(story)}`.toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Whether a kept vector is what this text and this model make; one that is damaged is not. */
export function isCurrent(kept: StoryVector | undefined, text: string, model: string): kept is StoryVector {
  return (
    kept?.text === text &&
    kept.model === model &&
    kept.vector instanceof Float32Array &&
    Math.abs(dot(kept.vector, kept.vector) - 1) < 1e-3
  );
}

/** The SHA-256 of a text, in lower-case hexadecimal. */
export async function textDigest(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
