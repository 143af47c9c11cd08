// SPDX-License-Identifier: Apache-2.0
/**
 * Who wrote which stretch of a text, kept true while the text is edited.
 *
 * In: segments that cover a text without gaps, and a change of it. Out: those that cover the changed text. What is put
 * into a stretch of the model's divides it; what is taken out of it makes it shorter; neighbours that belong together
 * become one.
 */

import type { ChangeSet } from "@codemirror/state";
import type { Passage } from "../../../lib/story";

/** A stretch of the text. */
export interface Segment {
  length: number;
  /** Null for the person's own words. */
  source: Source | null;
}

/** Where a stretch of the model's comes from. */
export interface Source {
  take: string;
  /** Where in the take's text it begins. */
  from: number;
  /** All takes that were tried here, this one among them. */
  tries: readonly string[];
}

/** The segments after a change, where `source` tells who wrote what is new. */
export function changeSegments(
  segments: readonly Segment[],
  changes: ChangeSet,
  source: Source | null,
): Segment[] {
  const next: Segment[] = [];
  let done = 0;
  changes.iterChanges((from, to, _from, _to, inserted) => {
    for (const kept of cut(segments, done, from)) add(next, kept);
    if (inserted.length > 0) add(next, { length: inserted.length, source });
    done = to;
  }, true);
  for (const kept of cut(segments, done, changes.length)) add(next, kept);
  return next;
}

/** The parts of segments that lie between two places. */
function cut(segments: readonly Segment[], from: number, to: number): Segment[] {
  const parts: Segment[] = [];
  let start = 0;
  for (const { length, source } of segments) {
    const [first, last] = [Math.max(from, start), Math.min(to, start + length)];
    if (first < last) {
      const moved = source && { ...source, from: source.from + first - start };
      parts.push({ length: last - first, source: moved });
    }
    start += length;
  }
  return parts;
}

function add(segments: Segment[], next: Segment): void {
  if (next.length === 0) return;
  const last = segments.at(-1);
  if (last && belongTogether(last, next)) {
    segments[segments.length - 1] = { ...last, length: last.length + next.length };
  } else segments.push(next);
}

function belongTogether({ length, source: before }: Segment, { source: after }: Segment): boolean {
  if (!before || !after) return before === after;
  return before.take === after.take && before.from + length === after.from;
}

/** Where each segment begins and ends in the text. */
export function* placesOf(segments: readonly Segment[]): Generator<Segment & { start: number; end: number }> {
  let start = 0;
  for (const segment of segments) {
    yield { ...segment, start, end: start + segment.length };
    start += segment.length;
  }
}

/** Where the segments begin that begin before a place, the first one at 0. */
export function startsOf(segments: readonly Segment[], place: number): number[] {
  return [...placesOf(segments)].map(({ start }) => start).filter((start) => start < place);
}

export function toPassages(segments: readonly Segment[], text: string): Passage[] {
  return [...placesOf(segments)].map(({ start, end, source }): Passage => {
    if (!source) return { author: "person", text: text.slice(start, end) };
    const { take, from, tries } = source;
    return { author: "model", take, from, to: from + end - start, tries: [...tries] };
  });
}

export function fromPassages(passages: readonly Passage[]): Segment[] {
  const segments: Segment[] = [];
  for (const passage of passages) {
    if (passage.author === "person") add(segments, { length: passage.text.length, source: null });
    else {
      const { take, from, to, tries } = passage;
      add(segments, { length: to - from, source: { take, from, tries } });
    }
  }
  return segments;
}
