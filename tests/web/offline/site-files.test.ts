// SPDX-License-Identifier: Apache-2.0
/** The files of one version: kept by their digests, served only when all are there, never with other bytes. */
import { createHash } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { isolated } from "../../../web/offline/isolation";
import {
  OtherBytesError,
  SiteFiles,
  type FileCache,
  type SiteVersion,
} from "../../../web/offline/site-files";

const BASE = "https://tales.test/below/";
const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A cache in memory; its entries are copies. */
class MemoryCache {
  readonly entries = new Map<string, Response>();
  match = async (key: RequestInfo | URL): Promise<Response | undefined> =>
    this.entries.get(String(key))?.clone();
  put = async (key: RequestInfo | URL, response: Response): Promise<void> => {
    this.entries.set(String(key), response);
  };
  delete = async (key: RequestInfo | URL): Promise<boolean> => this.entries.delete(String(key));
  keys = async (): Promise<readonly Request[]> => [...this.entries.keys()].map((url) => new Request(url));
}

/** A host: what it has, what an older cache on the way has, and what was asked. */
class Host {
  readonly asked: string[] = [];
  constructor(
    public files: Record<string, string>,
    public stale: Record<string, string> = {},
  ) {}
  fetch: typeof fetch = async (input, init) => {
    const path = String(input).slice(BASE.length) || "index.html"; // by the address that it is visited under
    this.asked.push(`${path} ${init?.cache}`);
    const body = init?.cache === "default" ? (this.stale[path] ?? this.files[path]) : this.files[path];
    return body === undefined
      ? new Response("", { status: 404 })
      : new Response(body, { headers: { "Content-Type": "text/x", "X-Other": "1" } });
  };
}

function versionOf(files: Record<string, string>): SiteVersion {
  const digests = Object.fromEntries(Object.entries(files).map(([path, body]) => [path, digest(body)]));
  return { id: digest(JSON.stringify(digests)), files: digests };
}

const ONE = { "index.html": "one", "a.js": "same", "big/b.wasm": "bytes" };
const TWO = { "index.html": "two", "a.js": "same", "big/b.wasm": "bytes" };
let cache: MemoryCache;

function site(files: Record<string, string>, host: Host): SiteFiles {
  return new SiteFiles(versionOf(files), BASE, async () => cache as FileCache, host.fetch);
}

beforeEach(() => {
  cache = new MemoryCache();
});

describe("a version", () => {
  test("is found by the addresses below the site, its page by the site's own", () => {
    const files = site(ONE, new Host(ONE));
    expect(files.pathOf(BASE)).toBe("index.html");
    expect(files.pathOf(`${BASE}?x#/story/1`)).toBe("index.html");
    expect(files.pathOf(`${BASE}big/b.wasm`)).toBe("big/b.wasm");
    for (const other of [
      `${BASE}c.js`,
      `${BASE}constructor`,
      "https://tales.test/a.js",
      "https://other.test/below/a.js",
    ]) {
      expect(files.pathOf(other), other).toBeNull();
    }
  });

  test("gives nothing before every file is there, and then all", async () => {
    const host = new Host(ONE);
    const files = site(ONE, host);
    expect(await files.keep("a.js", new Response("same"))).toBe(true);
    expect([await files.isWhole(), await files.kept("a.js")]).toEqual([false, undefined]);
    await files.keepAll();
    expect(host.asked).toEqual(["index.html default", "big/b.wasm default"]); // the other one was there
    const kept = await site(ONE, host).kept("big/b.wasm");
    expect([await kept?.text(), kept?.headers.get("Content-Type"), kept?.headers.get("X-Other")]).toEqual([
      "bytes",
      "text/x",
      null,
    ]);
    await files.keepAll();
    expect(host.asked.length).toBe(2);
  });

  test("does not keep other bytes, and asks past a cache that has older ones", async () => {
    const host = new Host(ONE, { "index.html": "older" });
    const files = site(ONE, host);
    expect(await files.keep("index.html", new Response("older"))).toBe(false);
    await files.keepAll();
    expect(host.asked.slice(0, 2)).toEqual(["index.html default", "index.html reload"]);
    expect(await (await files.kept("index.html"))?.text()).toBe("one");
  });

  test.each([
    { ...ONE, "index.html": "two" },
    { "index.html": "one", "a.js": "same" },
  ])("is not whole where the site has another one by now: %j", async (files) => {
    const older = site(ONE, new Host(files));
    await expect(older.keepAll()).rejects.toThrow(OtherBytesError);
    expect([await older.isWhole(), await older.kept("a.js")]).toEqual([false, undefined]);
  });

  test("shares with the next one what both have, and leaves nothing when that takes over", async () => {
    await site(ONE, new Host(ONE)).keepAll();
    const host = new Host(TWO);
    const [older, newer] = [site(ONE, host), site(TWO, host)];
    await newer.keepAll();
    expect(host.asked).toEqual(["index.html default"]);
    expect(await (await older.kept("index.html"))?.text()).toBe("one");
    expect(await (await newer.kept("index.html"))?.text()).toBe("two");
    await newer.removeOthers();
    expect(cache.entries.size).toBe(4);
    expect(await (await newer.kept("index.html"))?.text()).toBe("two");
    expect(await site(ONE, host).isWhole()).toBe(false);
  });

  test("of which something was removed comes from the network as a whole", async () => {
    const files = site(ONE, new Host(ONE));
    await files.keepAll();
    const [key] = [...cache.entries.keys()];
    cache.entries.delete(key!);
    expect(await files.kept("index.html")).toBeUndefined();
    expect(await files.kept("a.js")).toBeUndefined();
    await files.keepAll();
    expect(await (await files.kept("a.js"))?.text()).toBe("same");
  });
});

describe("isolation", () => {
  test("adds its three headers and keeps the rest", async () => {
    const response = isolated(new Response("x", { status: 404, headers: { "Content-Type": "text/html" } }));
    expect([response.status, await response.text()]).toEqual([404, "x"]);
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "text/html",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
  });

  test("takes a response without a body, and leaves one alone that may not be read", () => {
    expect(isolated(new Response(null, { status: 304 })).status).toBe(304);
    const failed = Response.error();
    expect(isolated(failed)).toBe(failed);
  });
});
