// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import {
  chooseEntry,
  chooseOwn,
  chooseWriter,
  digestOf,
  own,
  ownFile,
  sourceName,
} from "../../web/app/lib/choice";
import {
  cleanTitle,
  LONGEST_TITLE,
  ownSpans,
  readingText,
  titleFrom,
  wholeTake,
  type ModelPassage,
  type Passage,
  type PersonPassage,
} from "../../web/app/lib/story";
import { parseCatalogue } from "../../web/app/lib/catalogue";
import { FINISHES, loadDetail, loadFraction, loadTitle, VERDICTS } from "../../web/app/lib/words";
import { readFileSync } from "node:fs";
import { makeStory } from "./stories";
import { withAcceptance } from "../../web/engine/acceptance";

describe("a title", () => {
  it.each([
    ["The lighthouse had been dark for eleven years.", "The lighthouse had been dark for eleven\u00a0…"],
    ["Short one,", "Short one"],
    ["", "Untitled"],
    [" \n\t", "Untitled"],
    ["…", "…"],
    ["a".repeat(100_000), "a".repeat(60)],
    ["🦊".repeat(100), "🦊".repeat(60)],
  ])("from %j", (opening, title) => expect(titleFrom(opening)).toBe(title));

  it("as typed is one line, not endless, and not empty", () => {
    expect(cleanTitle("  A\n new \t title ")).toBe("A new title");
    expect(cleanTitle(" \n ")).toBeNull();
    expect(cleanTitle("x".repeat(500))).toHaveLength(LONGEST_TITLE);
  });
});

describe("what is read", () => {
  it("begins with the opening, but not with a request", () => {
    const story = makeStory({ opening: "Once", text: " upon" });
    expect([readingText(story), ownSpans(story)]).toEqual(["Once upon", [[0, 4]]]);
    const chat = makeStory({ opening: "Once", request: "Once", text: "Upon" });
    expect([readingText(chat), ownSpans(chat)]).toEqual(["Upon", []]);
  });
});

describe("a story that is one take", () => {
  const story = makeStory({ opening: "Once", text: " upon" });

  it("is that take, after its opening or on request", () => {
    expect(wholeTake(story)).toBe(story.takes[0]);
    const chat = makeStory({ opening: "Tell", request: "Tell", text: "Once" });
    expect(wholeTake(chat)).toBe(chat.takes[0]);
  });

  it("is none any more once something of it was changed", () => {
    const [opening, written] = story.passages as [PersonPassage, ModelPassage];
    const changed: Passage[][] = [
      [],
      [opening],
      [{ ...opening, text: "Twice" }, written],
      [opening, { ...written, to: 3 }],
      [opening, { ...written, from: 1 }],
      [opening, written, { author: "person", text: "." }],
    ];
    for (const passages of changed) expect(wholeTake({ ...story, passages })).toBeNull();
  });
});

describe("a choice", () => {
  const file = new File(["x"], "my.bin");

  it("of the person's own is pinned by nobody", () => {
    const tokenizer = own("tokenizer", { kind: "url", url: "https://example.org/tok.bin" });
    const choice = chooseOwn([ownFile("model", file), tokenizer]);
    expect(choice.entry).toBeNull();
    expect(choice.request.sources.map(({ pinned, accept }) => [pinned, accept])).toEqual([
      [null, undefined],
      [null, undefined],
    ]);
  });

  it("takes the digest of the model first, of the tokenizer second", () => {
    const { request } = chooseOwn([ownFile("model", file), ownFile("tokenizer", file)]);
    const once = withAcceptance(request, "model", "a");
    const twice = withAcceptance(once, "tokenizer", "b");
    expect(once.sources.map(({ accept }) => accept)).toEqual(["a", undefined]);
    expect(twice.sources.map(({ accept }) => accept)).toEqual(["a", "b"]);
  });

  it("of the list is pinned whole", () => {
    const json = readFileSync(new URL("../../public/models.json", import.meta.url), "utf8");
    for (const entry of parseCatalogue(json, "http://localhost/")) {
      const { name, request } = chooseEntry(entry);
      expect([name, request.sources[0]?.pinned?.sha256]).toEqual([entry.name, entry.model.sha256]);
      for (const { pinned } of request.sources)
        expect(pinned?.sha256 ?? pinned?.sha3_256).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it("of the model that wrote a take is the list's, or the address that its bytes came from", () => {
    const json = readFileSync(new URL("../../public/models.json", import.meta.url), "utf8");
    const catalogue = parseCatalogue(json, "http://localhost/");
    const { model } = makeStory().takes[0]!;
    const first = catalogue[0]!;
    const listed = chooseWriter({ ...model, sha256: first.model.sha256! }, catalogue);
    expect([listed?.entry, listed && digestOf(listed)]).toEqual([first, first.model.sha256]);
    expect(chooseWriter(model, catalogue)?.request.sources).toEqual([
      { role: "model", source: { kind: "url", url: "https://example.org/model.gguf" }, pinned: null },
    ]);
    expect(chooseWriter({ ...model, address: null }, catalogue)).toBeNull();
    expect(chooseWriter({ ...model, tokenizerSha256: "c".repeat(64) }, catalogue)).toBeNull();
  });

  it.each([
    ["https://example.org/a/model.gguf?download=true", "model.gguf"],
    ["https://example.org/", "https://example.org/"],
    ["nonsense", "nonsense"],
  ])("of the address %s has a name", (url, name) => expect(sourceName({ kind: "url", url })).toBe(name));
});

describe("words", () => {
  const progress = {
    phase: "download",
    file: "model.gguf",
    bytes: 50e6,
    total: 100e6,
    rate: 1e7,
    secondsLeft: 5,
  } as const;

  it("tell of a download in bytes, rate and time left", () => {
    expect(loadTitle(progress)).toBe("Fetching and checking model.gguf");
    expect(loadDetail(progress)).toBe("50.0 MB of 100 MB, 10.0 MB a second, about 5 seconds left");
    expect(loadFraction(progress)).toBe(0.5);
  });

  it("do not guess where nothing is known", () => {
    expect(loadDetail({ ...progress, total: null, rate: 0, secondsLeft: null })).toBe("50.0 MB");
    expect(loadFraction({ ...progress, total: null })).toBeNull();
    expect(loadFraction({ ...progress, phase: "connect" })).toBeNull();
    expect(loadDetail({ ...progress, phase: "prepare" })).toBe("");
    expect(loadFraction({ ...progress, bytes: 200e6 })).toBe(1);
  });

  it("there are some for every verdict and every end", () => {
    for (const words of Object.values(VERDICTS)) expect(words.meaning).toMatch(/\.$/);
    for (const sentence of Object.values(FINISHES)) expect(sentence).toMatch(/\.$/);
  });
});
