// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Cache } from "../../../scripts/lib/cache.mjs";
import { noNetwork, Problem } from "../../../scripts/lib/problem.mjs";

const RIGHT = "the right bytes";
const wanted = { name: "model.gguf", sha256: sha256(RIGHT) };

let folder: string;
let cache: Cache;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taleproof-cache-"));
  cache = new Cache(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A source that brings the given text under the wanted name, and counts how often it was asked. */
function source(name: string, text: string) {
  const asked = { times: 0 };
  return {
    asked,
    name,
    async fetch(files: { name: string }[], into: string) {
      asked.times += 1;
      for (const file of files) writeFileSync(join(into, file.name), text);
    },
  };
}

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Problem);
  return error as Problem;
}

describe("a file whose digest is right", () => {
  it("is kept, and not asked for again", async () => {
    const good = source("a mirror", RIGHT);
    const first = await cache.obtain([wanted], [good]);
    const second = await cache.obtain([wanted], [good]);
    expect(readFileSync(first.get(wanted.name)!, "utf8")).toBe(RIGHT);
    expect(second).toEqual(first);
    expect(good.asked.times).toBe(1);
  });

  it("is found under its content, whatever it is called", async () => {
    const good = source("a mirror", RIGHT);
    await cache.obtain([wanted], [good]);
    await cache.obtain([{ ...wanted, name: "another-name.gguf" }], [good]);
    expect(good.asked.times).toBe(1);
  });
});

describe("a file whose digest is wrong", () => {
  it("is refused with both digests, and leaves nothing behind", async () => {
    const problem = await problemOf(cache.obtain([wanted], [source("a mirror", "other bytes")]));
    expect(problem.code).toBe("digest-mismatch");
    expect(problem.message).toContain(wanted.sha256);
    expect(problem.message).toContain(sha256("other bytes"));
    expect(problem.message).toContain("a mirror");
    expect(existsSync(cache.path(wanted.sha256))).toBe(false);
    expect(existsSync(cache.path(sha256("other bytes")))).toBe(false);
    expect(readdirSync(join(folder, "incoming"))).toEqual([]);
  });

  it("is replaced by the next source's", async () => {
    const files = await cache.obtain([wanted], [source("bad", "other bytes"), source("good", RIGHT)]);
    expect(readFileSync(files.get(wanted.name)!, "utf8")).toBe(RIGHT);
  });

  it("heals when the next run brings the right bytes", async () => {
    await problemOf(cache.obtain([wanted], [source("bad", "other bytes")]));
    const files = await cache.obtain([wanted], [source("good", RIGHT)]);
    expect(readFileSync(files.get(wanted.name)!, "utf8")).toBe(RIGHT);
  });

  it("is told before a source that could not be reached", async () => {
    const away = { name: "away", fetch: () => Promise.reject(noNetwork("It", null)) };
    const problem = await problemOf(cache.obtain([wanted], [source("bad", "other"), away]));
    expect(problem.code).toBe("digest-mismatch");
  });
});

describe("an interruption", () => {
  it("in the middle of a file leaves no file, and the next run starts it anew", async () => {
    const cut = {
      name: "cut",
      async fetch(_files: unknown, into: string) {
        writeFileSync(join(into, wanted.name), RIGHT.slice(0, 5));
        throw noNetwork("It", null);
      },
    };
    await problemOf(cache.obtain([wanted], [cut]));
    expect(existsSync(cache.path(wanted.sha256))).toBe(false);
    const files = await cache.obtain([wanted], [source("good", RIGHT)]);
    expect(readFileSync(files.get(wanted.name)!, "utf8")).toBe(RIGHT);
  });

  it("by a killed process leaves a folder, which the next run clears away", async () => {
    const left = join(folder, "incoming", "999999999-abc");
    mkdirSync(left, { recursive: true });
    writeFileSync(join(left, "half"), "half");
    await cache.obtain([wanted], [source("good", RIGHT)]);
    expect(existsSync(left)).toBe(false);
  });

  it("keeps the files that had arrived whole", async () => {
    const other = { name: "other", sha256: sha256("more") };
    const half = {
      name: "half",
      async fetch(_files: unknown, into: string) {
        writeFileSync(join(into, wanted.name), RIGHT);
        throw noNetwork("It", null);
      },
    };
    const more = source("more", "more");
    await cache.obtain([wanted, other], [half, more]);
    expect(readFileSync(cache.path(wanted.sha256), "utf8")).toBe(RIGHT);
  });
});

it("a file damaged in the cache is downloaded again", async () => {
  const good = source("good", RIGHT);
  await cache.obtain([wanted], [good]);
  writeFileSync(cache.path(wanted.sha256), "damaged");
  const files = await cache.obtain([wanted], [good]);
  expect(readFileSync(files.get(wanted.name)!, "utf8")).toBe(RIGHT);
  expect(good.asked.times).toBe(2);
});

it("a link in the cache is not followed, and what it leads to stays as it is", async () => {
  const good = source("good", RIGHT);
  const elsewhere = join(folder, "elsewhere");
  writeFileSync(elsewhere, RIGHT);
  mkdirSync(join(folder, "sha256"));
  symlinkSync(elsewhere, cache.path(wanted.sha256));
  const files = await cache.obtain([wanted], [good]);
  expect(good.asked.times).toBe(1);
  expect(lstatSync(files.get(wanted.name)!).isSymbolicLink()).toBe(false);
  writeFileSync(elsewhere, "other bytes");
  expect(readFileSync(files.get(wanted.name)!, "utf8")).toBe(RIGHT);
});

it("a link that a source brings is not kept", async () => {
  const elsewhere = join(folder, "elsewhere");
  writeFileSync(elsewhere, RIGHT);
  const linking = {
    name: "linking",
    fetch: async (_files: unknown, into: string) => symlinkSync(elsewhere, join(into, wanted.name)),
  };
  await problemOf(cache.obtain([wanted], [linking]));
  expect(existsSync(cache.path(wanted.sha256))).toBe(false);
});

it("a file that cannot fit on the disk is refused before it is asked for", async () => {
  const good = source("good", RIGHT);
  const problem = await problemOf(cache.obtain([{ ...wanted, size: 1e18 }], [good]));
  expect(problem.code).toBe("disk-full");
  expect(problem.message).toContain("Free some space");
  expect(good.asked.times).toBe(0);
});
