// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import * as format from "../../web/app/lib/format";

describe("numbers as people read them", () => {
  it.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [999.7, "1.0 kB"],
    [1_056_540, "1.1 MB"],
    [98_362_432, "98.4 MB"],
    [142_000_000, "142 MB"],
    [999_600_000, "1.0 GB"],
    [-1, "an unknown size"],
    [Infinity, "an unknown size"],
  ])("%s bytes", (bytes, text) => expect(format.formatBytes(bytes)).toBe(text));

  it.each([
    [null, ""],
    [NaN, ""],
    [0.2, "about a second left"],
    [41.7, "about 42 seconds left"],
    [200, "about 3 minutes left"],
    [8000, "about 2 hours left"],
  ])("%s seconds left", (seconds, text) => expect(format.formatTimeLeft(seconds)).toBe(text));

  it.each([
    [0.0421, "42 ms"],
    [0.9996, "1.0 s"],
    [12.34, "12.3 s"],
    [125, "2 min 5 s"],
  ])("a measured time of %s", (seconds, text) => expect(format.formatDuration(seconds)).toBe(text));

  it("a rate, a speed, a size of a model, a date", () => {
    expect(format.formatRate(11_200_000.4)).toBe("11.2 MB a second");
    expect(format.formatPerSecond(7.25)).toBe("7.3");
    expect(format.formatPerSecond(47.3)).toBe("47");
    expect(format.formatParameters(134_515_008)).toBe("134.5 million parameters");
    expect(format.formatParameters(260_032)).toBe("260 thousand parameters");
    expect(format.formatParameters(1.7e9)).toBe("1.7 billion parameters");
    expect(format.formatDate(Date.UTC(2026, 10, 22), "UTC")).toBe("22 November 2026");
  });

  it("groups a digest by eight, and loses nothing of it", () => {
    const digest = "0123456789abcdef".repeat(4);
    expect(format.groupDigest(digest)).toHaveLength(8);
    expect(format.groupDigest(digest).join("")).toBe(digest);
    expect(format.groupDigest("")).toEqual([]);
  });

  it.each([
    ["", 0],
    [" \n ", 0],
    ["one", 1],
    ["It is going  to\nrain", 5],
    ["昔々あるところに", 4],
    ["a\ud800 b", 2],
  ])("counts the words of %j", (text, words) => {
    const counted = format.countWords(text);
    // How Japanese is cut differs between versions of the dictionary; that it is cut does not.
    if (/\p{Script=Hiragana}/u.test(text)) expect(counted).toBeGreaterThan(1);
    else expect(counted).toBe(words);
  });

  it("counts one and many", () => {
    expect(format.plural(1, "word")).toBe("1 word");
    expect(format.plural(1200, "word")).toBe("1,200 words");
    expect(format.plural(2, "story", "stories")).toBe("2 stories");
  });
});
