// SPDX-License-Identifier: Apache-2.0
import { ChangeSet, Text } from "@codemirror/state";
import { describe, expect, it } from "vitest";
import {
  changeSegments,
  fromPassages,
  toPassages,
  type Segment,
} from "../../web/app/features/write/text/segments";
import type { Passage } from "../../web/app/lib/story";

const TAKE = "The fox could read.";
const source = (from: number) => ({ take: "t", from, tries: ["t"] });

/** Each character with who wrote it: the plain way to keep authorship true. */
type Letter = [letter: string, from: number | null];

const letters = (text: string, from: number | null): Letter[] =>
  [...text].map((letter, i) => [letter, from === null ? null : from + i]);

function lettersOf(segments: readonly Segment[], text: string): Letter[] {
  let start = 0;
  return segments.flatMap(({ length, source: from }) =>
    letters(text.slice(start, (start += length)), from && from.from),
  );
}

/** Numbers that look random and are the same in every run. */
function* numbers(seed: number): Generator<number> {
  for (let x = seed; ;) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    yield x / 2 ** 32;
  }
}

describe("segments", () => {
  it.each(Array.from({ length: 50 }, (_, i) => i + 1))("are true after many changes (%i)", (seed) => {
    const random = numbers(seed);
    const below = (limit: number): number => Math.floor((random.next().value as number) * limit);
    let text = Text.of([`Once. ${TAKE}`]);
    let segments: Segment[] = [
      { length: 6, source: null },
      { length: TAKE.length, source: source(0) },
    ];
    let plain = [...letters("Once. ", null), ...letters(TAKE, 0)];
    for (let i = 0; i < 40; i += 1) {
      const places = [below(text.length + 1), below(text.length + 1)].sort((a, b) => a - b);
      const [from = 0, to = 0] = below(3) === 0 ? [places[0]!, places[0]!] : places;
      const insert = "abc".slice(0, below(4));
      const changes = ChangeSet.of({ from, to, insert }, text.length);
      segments = changeSegments(segments, changes, null);
      text = changes.apply(text);
      plain = [...plain.slice(0, from), ...letters(insert, null), ...plain.slice(to)];
      expect(lettersOf(segments, text.toString())).toEqual(plain);
      expect(segments.every(({ length }) => length > 0)).toBe(true);
    }
  });

  it("of the model that follow one another are one; what is put between divides them", () => {
    const whole = [{ length: TAKE.length, source: source(0) }];
    const put = ChangeSet.of({ from: 4, insert: "red " }, TAKE.length);
    const divided = changeSegments(whole, put, null);
    expect(divided).toEqual([
      { length: 4, source: source(0) },
      { length: 4, source: null },
      { length: TAKE.length - 4, source: source(4) },
    ]);
    const taken = ChangeSet.of({ from: 4, to: 8 }, TAKE.length + 4);
    expect(changeSegments(divided, taken, null)).toEqual(whole);
  });

  it("are passages, and come back from them", () => {
    const passages: Passage[] = [
      { author: "person", text: "Once. " },
      { author: "model", take: "t", from: 4, to: 7, tries: ["s", "t"] },
      { author: "person", text: "!" },
    ];
    expect(toPassages(fromPassages(passages), "Once. fox!")).toEqual(passages);
    expect(fromPassages([{ author: "person", text: "" }])).toEqual([]);
  });
});
