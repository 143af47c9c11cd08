// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { fileName, toJson, toMarkdown } from "../../web/app/lib/export";
import { readingText, type Story } from "../../web/app/lib/story";
import { makeStory } from "./stories";

describe("a story as Markdown", () => {
  it("has the title, every paragraph, and what wrote it", () => {
    const markdown = toMarkdown(makeStory());
    expect(markdown).toMatch(
      /^# The lighthouse\n\nOnce upon a time there was a fox\.\n\nIt could read\.\n\n---\n/,
    );
    expect(markdown).toContain("Written on 22 November 2026 by SmolLM2 135M Instruct");
    expect(markdown).toContain("b".repeat(64));
    expect(markdown).toContain("Seed 18446744073709551615, temperature 0.8");
  });

  it("puts a request above the story it led to", () => {
    const request = "Write of a fox.\nA red one.";
    const markdown = toMarkdown(makeStory({ request, opening: request, text: "\nA fox came." }));
    expect(markdown).toContain("\n\n> Write of a fox.\n> \n> A red one.\n\nA fox came.\n\n");
  });

  it.each([
    ["<img src=x onerror=alert(1)>", "\\<img src=x onerror=alert(1)\\>"],
    ["# not a heading", "\\# not a heading"],
    ["- not a list", "\\- not a list"],
    ["1. not a list", "1\\. not a list"],
    ["[a](javascript:b)", "\\[a\\](javascript:b)"],
    ["*a* _b_ `c`", "\\*a\\* \\_b\\_ \\`c\\`"],
    ["a\u001b]52;c;cm0=\u0007b\u007fc\u009bd\te", "a␛\\]52;c;cm0=␇b␡c�d\te"],
  ])("keeps %j as text", (text, escaped) => {
    expect(toMarkdown(makeStory({ opening: text, text: "" }))).toContain(`\n\n${escaped}\n\n`);
  });
});

describe("a story as JSON", () => {
  it("has everything needed to write it again, and no name of this browser's own", () => {
    const story = makeStory();
    const data = JSON.parse(toJson(story)) as { [key: string]: unknown };
    const { id: _, created: _created, changed: _changed, ...rest } = story;
    expect(data).toMatchObject({
      format: "taleproof-story",
      version: 2,
      created: "2026-11-22T12:00:00.000Z",
      ...rest,
    });
    expect(data).not.toHaveProperty("id");
  });

  it("carries lone surrogates, emoji and right-to-left text unharmed", () => {
    const text = "\ud800 🦊 مرحبا \u0000";
    const data = JSON.parse(toJson(makeStory({ text }))) as Story;
    expect(readingText(data)).toBe(`Once upon a time${text}`);
    expect(new TextDecoder().decode(new TextEncoder().encode(toJson(makeStory({ text }))))).toContain(
      "\\ud800",
    );
  });
});

describe("a file's name", () => {
  it.each([
    ["The lighthouse, again!", "the-lighthouse-again.md"],
    ["../../etc/passwd", "etc-passwd.md"],
    ["Ünïcode и мир", "ünïcode-и-мир.md"],
    ["🦊🦊", "story.md"],
    ["", "story.md"],
    ["\ud800", "story.md"],
    ["a".repeat(500), `${"a".repeat(60)}.md`],
  ])("of %j", (title, name) => expect(fileName(title, "md")).toBe(name));
});
