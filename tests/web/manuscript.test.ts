// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { Manuscript } from "../../web/app/features/write/text/manuscript.svelte";

const OPENING = { author: "person", text: "Once" } as const;

function begun(): Manuscript {
  const manuscript = new Manuscript(() => undefined);
  manuscript.load({ passages: [OPENING], takes: [] });
  return manuscript;
}

/** Has the model write so many words, as the desk does. */
function write(manuscript: Manuscript, take: string, words: string[], from = manuscript.length): void {
  manuscript.lock(true);
  const tries = [...(from < manuscript.length ? (manuscript.ending?.tries ?? []) : []), take];
  manuscript.put(from, words[0] ?? "", { take, from: 0, tries });
  for (const word of words.slice(1)) manuscript.append(word);
  manuscript.lock(false);
}

describe("a manuscript", () => {
  it("undoes the whole of a take, however many words it came in, and not the person's before it", () => {
    const manuscript = begun();
    write(manuscript, "a", [" upon", " a", " time"]);
    const written = manuscript.passages;
    expect(written).toEqual([OPENING, { author: "model", take: "a", from: 0, to: 12, tries: ["a"] }]);
    manuscript.undo();
    expect([manuscript.text, manuscript.passages]).toEqual(["Once", [OPENING]]);
    manuscript.redo();
    expect([manuscript.text, manuscript.passages]).toEqual(["Once upon a time", written]);
  });

  it("undoes another try, and what took its place, one after the other", () => {
    const manuscript = begun();
    write(manuscript, "a", [" upon", " a time"]);
    write(manuscript, "b", [" more"], 4);
    expect(manuscript.ending).toEqual({ take: "b", from: 0, tries: ["a", "b"], start: 4, end: 9 });
    manuscript.put(4, " upon a time", { take: "a", from: 0, tries: ["a", "b"] });
    expect(manuscript.text).toBe("Once upon a time");
    manuscript.undo();
    expect([manuscript.text, manuscript.ending?.take]).toEqual(["Once more", "b"]);
    manuscript.undo();
    expect([manuscript.text, manuscript.ending?.take]).toEqual(["Once upon a time", "a"]);
    manuscript.undo();
    expect([manuscript.text, manuscript.ending, manuscript.canUndo]).toEqual(["Once", null, false]);
    for (let i = 0; i < 3; i += 1) manuscript.redo();
    expect([manuscript.text, manuscript.ending?.tries, manuscript.canRedo]).toEqual([
      "Once upon a time",
      ["a", "b"],
      false,
    ]);
  });

  it("gives back an opening that another one took the place of", () => {
    const manuscript = begun();
    manuscript.replaceAll("There was");
    manuscript.undo();
    expect(manuscript.text).toBe("Once");
  });

  it("keeps every character where it is, whatever ends a line", () => {
    const manuscript = begun();
    write(manuscript, "a", ["\r\nOne\r", "\nTwo\n", "\u2028Three"]);
    expect(manuscript.text).toBe("Once\r\nOne\r\nTwo\n\u2028Three");
    expect(manuscript.ending?.end).toBe(manuscript.text.length);
  });

  it("is the model's alone while it writes", () => {
    const manuscript = begun();
    manuscript.replaceAll("There was");
    manuscript.lock(true);
    manuscript.undo();
    expect([manuscript.text, manuscript.state.readOnly]).toEqual(["There was", true]);
    manuscript.lock(false);
    manuscript.undo();
    expect(manuscript.text).toBe("Once");
  });

  it("knows what follows a place, and takes it out", () => {
    const manuscript = begun();
    write(manuscript, "a", [" upon a time\n"]);
    expect([manuscript.hasAfter(9), manuscript.hasAfter(16)]).toEqual([true, false]);
    manuscript.removeAfter(9);
    expect([manuscript.text, manuscript.ending]).toEqual([
      "Once upon",
      { take: "a", from: 0, tries: ["a"], start: 4, end: 9 },
    ]);
  });
});
