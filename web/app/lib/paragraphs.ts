// SPDX-License-Identifier: Apache-2.0
/**
 * A story's text as paragraphs of runs, ready to be set.
 *
 * In: the whole text, where the person's own words stand in it, and where the last pieces that arrived begin. Out:
 * paragraphs, each a list of runs that are wholly the person's or the model's, and wholly settled or still wet. Runs
 * carry the offset at which they begin: it never changes while a story grows, and so serves as a key.
 */

/** Where a stretch of the text begins and ends. */
export type Span = readonly [from: number, to: number];

export interface Run {
  start: number;
  text: string;
  /** Written by the person. */
  own: boolean;
  /** Arrived a moment ago. */
  wet: boolean;
}

export interface Paragraph {
  start: number;
  runs: Run[];
}

/** At most this many of the last pieces are set as runs of their own. */
export const WET_PIECES = 16;

export function layOut(text: string, own: readonly Span[], pieces: readonly number[]): Paragraph[] {
  const wet = pieces.slice(-WET_PIECES);
  const firstWet = wet[0] ?? text.length;
  const cuts = [...new Set([...own.flat(), ...wet])].filter((cut) => cut > 0).sort((a, b) => a - b);
  const paragraphs: Paragraph[] = [];
  for (const match of text.matchAll(/[^\n\r]+/g)) {
    const start = match.index;
    const end = start + match[0].length;
    if (match[0].trim() === "") continue;
    const inside = cuts.filter((cut) => cut > start && cut < end);
    const bounds = [start, ...inside, end];
    const runs = bounds.slice(0, -1).map((from, i): Run => {
      const to = bounds[i + 1] ?? end;
      const isOwn = own.some(([first, last]) => from >= first && from < last);
      return { start: from, text: text.slice(from, to), own: isOwn, wet: from >= firstWet };
    });
    paragraphs.push({ start, runs });
  }
  return paragraphs;
}

/** Whether a first letter can be enlarged: it must be one letter of a script with such a tradition, in a long text. */
export function takesDropCap(text: string): boolean {
  return /^["'“‘«(]?[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u.test(text) && text.length >= 90;
}
