// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { layOut, takesDropCap, WET_PIECES } from "../../web/app/lib/paragraphs";

const textOf = (text: string, own: number, pieces: number[]) =>
  layOut(text, [[0, own]], pieces).map((paragraph) => paragraph.runs.map((run) => run.text));

describe("a story in paragraphs", () => {
  it("splits at line ends and leaves out empty lines", () => {
    expect(textOf("One.\n\n \nTwo.\r\nThree.", 0, [])).toEqual([["One."], ["Two."], ["Three."]]);
    expect(layOut("", [[0, 0]], [])).toEqual([]);
  });

  it("tells the person's words from the model's", () => {
    const [first] = layOut("Once upon a time", [[0, 4]], []);
    expect(first?.runs).toEqual([
      { start: 0, text: "Once", own: true, wet: false },
      { start: 4, text: " upon a time", own: false, wet: false },
    ]);
  });

  it("sets the last pieces as wet runs of their own", () => {
    const runs = layOut("abc def\nghi", [[0, 3]], [4, 6]).flatMap((paragraph) => paragraph.runs);
    expect(runs.map((run) => [run.text, run.wet])).toEqual([
      ["abc", false],
      [" ", false],
      ["de", true],
      ["f", true],
      ["ghi", true],
    ]);
  });

  it("loses no character but line ends, wherever the pieces are cut", () => {
    const text = "A fox 🦊 said:\n\n“مرحبا” and \ud800 left.";
    for (let cut = 0; cut <= text.length; cut += 1) {
      const set = layOut(text, [[0, cut]], [cut, cut + 2, text.length - 1]).flatMap(
        (paragraph) => paragraph.runs,
      );
      expect(set.map((run) => run.text).join("")).toBe(text.replaceAll("\n", ""));
    }
  });

  it("keys never change while a story grows", () => {
    const before = layOut("One.\nTwo", [[0, 3]], []).map((paragraph) => paragraph.start);
    const after = layOut("One.\nTwo and more.\nThree", [[0, 3]], []).map((paragraph) => paragraph.start);
    expect(after.slice(0, before.length)).toEqual(before);
  });

  it("keeps few wet runs, however many pieces came", () => {
    const text = "x".repeat(500);
    const pieces = Array.from({ length: 500 }, (_, i) => i);
    expect(layOut(text, [[0, 0]], pieces)[0]?.runs).toHaveLength(WET_PIECES + 1);
  });

  it("lays out 100,000 characters, in one line or in many", () => {
    expect(layOut("word ".repeat(20_000), [[0, 50_000]], [99_000])).toHaveLength(1);
    expect(layOut("word\n".repeat(20_000), [[0, 50_000]], [99_000])).toHaveLength(20_000);
  });

  it.each([
    ["The lighthouse " + "was dark ".repeat(12), true],
    ["“Come in” " + "she said ".repeat(12), true],
    ["Too short.", false],
    ["🦊 " + "the fox ran ".repeat(12), false],
    ["كان يا ما كان " + "في قديم الزمان ".repeat(12), false],
    ["42 " + "is a number ".repeat(12), false],
  ])("an enlarged first letter for %j", (text, yes) => expect(takesDropCap(text)).toBe(yes));
});
