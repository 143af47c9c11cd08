// SPDX-License-Identifier: Apache-2.0
/** The registry's models to choose from: read strictly, a few at a time, and never more than was asked for. */
import { describe, expect, it } from "vitest";
import { findModel, findVersion, listModels } from "../../../web/chain/registry/listed";
import type { Ask } from "../../../web/chain/registry/answer";
import type { Json } from "../../../web/engine/protocol";
import { lookupOf, chooseListed, isAskable, whereFrom, sourceOf } from "../../../web/app/lib/choice";
import { gather } from "../../../web/app/features/model/gather";
import { FIRST, PAGE, RegistryList } from "../../../web/app/features/registry/registry-list.svelte";
import { file, NETWORK, registry, version, watched, WEIGHTS, WORDS } from "./played";

type Fields = { [key: string]: Json };

const CHUNKS = [
  { hash: "5".repeat(64), size: 50 },
  { hash: "6".repeat(64), size: 30 },
];
const REVOKED = { revoked: { reason: "poisoned" } };

function listedFile(role: string, sha256: string, change: Fields = {}): Fields {
  const name = role === "WEIGHTS" ? "tale.bin" : "tok.bin";
  return { ...file(role, sha256), name, urls: ["https://example.org/" + name], chunks: [], ...change };
}

function listed(model: string, change: Fields = {}, files?: Fields[]): Fields {
  return version(1, {
    model,
    release: {
      description: "",
      licence: "MIT",
      architecture: "llama",
      format: "llama2.c",
      files: files ?? [listedFile("TOKENIZER", WORDS), listedFile("WEIGHTS", WEIGHTS)],
    },
    ...change,
  });
}

const offered = (latest: Fields, latestUsable: Fields | null = latest): Fields => ({ latest, latestUsable });
const saying =
  (data: Fields): Ask =>
  async () =>
    JSON.stringify({ data: { registry: registry(), watched: watched(), ...data } });
const one = async (value: Fields) => (await findModel(saying({ model: offered(value) }), NETWORK, "tiny"))!;
const onChain = () => one(listed("tiny", {}, [listedFile("WEIGHTS", WEIGHTS, { chunks: CHUNKS, urls: [] })]));

/** A registry of so many models, which notes how many were read. */
class PlayedRegistry {
  read = 0;
  network = NETWORK;
  watch = async () => undefined;
  follow = async () => undefined;
  constructor(public count: number) {}

  query = async (query: string, { after, first, name }: Fields): Promise<string> => {
    if (query.includes("$name")) {
      const known = Number(/^model-(\d+)$/.exec(String(name))?.[1] ?? Infinity) < this.count;
      return saying({ model: known ? offered(listed(String(name))) : null })("", {});
    }
    const from = after === null ? 0 : Number(String(after).slice(6)) + 1;
    const to = Math.min(this.count, from + Number(first));
    const items = Array.from({ length: to - from }, (_, i) => offered(listed(`model-${from + i}`)));
    this.read += items.length;
    const next = to < this.count ? `model-${to - 1}` : null;
    return saying({ models: { items, next } })("", {});
  };
}

describe("listModels", () => {
  it("gives each model by its newest usable version, else by the revoked one", async () => {
    const items = [offered(listed("a", REVOKED), listed("a")), offered(listed("b", REVOKED), null)];
    const page = await listModels(saying({ models: { items, next: "b" } }), NETWORK, null, 2);
    expect(page.versions.map(({ model, revoked }) => [model, revoked])).toEqual([
      ["a", null],
      ["b", "poisoned"],
    ]);
    expect(page.versions[0]?.weights).toMatchObject({ name: "tale.bin", sha256: WEIGHTS, chunks: [] });
    expect(page.versions[0]?.tokenizer?.sha256).toBe(WORDS);
    expect(page.next).toBe("b");
  });

  it("asks with variables", async () => {
    const asked: Json[] = [];
    const ask: Ask = async (_query, variables) => {
      asked.push(variables);
      return saying({ models: { items: [], next: null } })("", {});
    };
    await listModels(ask, NETWORK, 'a" }', 5);
    expect(asked).toEqual([{ after: 'a" }', first: 5 }]);
  });

  const bad: [string, Fields, string][] = [
    ["another registry", { registry: registry({ homeChain: "c".repeat(64) }), models: { items: [], next: null } }, "wrong-network"],
    ["no page", { models: null }, "registry-invalid"],
    ["a page that ends in a number", { models: { items: [], next: 7 } }, "registry-invalid"],
    ["a model without weights", { models: { items: [offered(listed("a", {}, []))], next: null } }, "registry-invalid"],
    ["an address that is no text", { models: { items: [offered(listed("a", {}, [listedFile("WEIGHTS", WEIGHTS, { urls: [1] })]))], next: null } }, "registry-invalid"],
    ["a chunk without a length", { models: { items: [offered(listed("a", {}, [listedFile("WEIGHTS", WEIGHTS, { chunks: [{ hash: WEIGHTS }] })]))], next: null } }, "registry-invalid"],
    ["a chunk whose hash is none", { models: { items: [offered(listed("a", {}, [listedFile("WEIGHTS", WEIGHTS, { chunks: [{ hash: "../..", size: 1 }] })]))], next: null } }, "registry-invalid"],
  ]; // prettier-ignore

  it.each(bad)("refuses %s", async (_what, data, code) => {
    await expect(listModels(saying(data), NETWORK, null, 5)).rejects.toMatchObject({ code });
  });
});

describe("findVersion", () => {
  const wanted = { model: WEIGHTS, tokenizer: WORDS };
  const find = (...items: Fields[]) =>
    findVersion(saying({ version: { items, next: null } }), NETWORK, wanted);

  it("takes the first that has the very files and is not revoked", async () => {
    const others = [
      listed("revoked", REVOKED),
      listed("weights-alone", {}, [listedFile("WEIGHTS", WEIGHTS)]),
      listed("as-config", {}, [listedFile("WEIGHTS", WORDS), listedFile("CONFIG", WEIGHTS)]),
    ];
    expect((await find(...others, listed("right"), listed("later")))?.model).toBe("right");
    expect(await find(...others.slice(1))).toBeNull();
    expect(await find(...others)).toMatchObject({ model: "revoked", revoked: "poisoned" });
  });

  it("looks on every page, and goes round in no circle", async () => {
    const paged =
      (last: number | null): Ask =>
      async (_query, { after }) => {
        const items = after === null || last !== null ? [] : [listed("right")];
        return saying({ version: { items, next: after === null ? 100 : last } })("", {});
      };
    expect((await findVersion(paged(null), NETWORK, wanted))?.model).toBe("right");
    await expect(findVersion(paged(100), NETWORK, wanted)).rejects.toMatchObject({
      code: "registry-invalid",
    });
  });
});

describe("choosing a version", () => {
  it("asks its address, with the listed digests and nothing pinned", async () => {
    const choice = chooseListed(await one(listed("tiny")))!;
    const digests = (sha256: string) => ({ sha256, sha3_256: "3".repeat(64), size: 80 });
    expect(choice.request).toEqual({
      sources: [
        {
          role: "model",
          source: { kind: "url", url: "https://example.org/tale.bin", name: "tale.bin" },
          pinned: null,
          listed: digests(WEIGHTS),
        },
        {
          role: "tokenizer",
          source: { kind: "url", url: "https://example.org/tok.bin", name: "tok.bin" },
          pinned: null,
          listed: digests(WORDS),
        },
      ],
    });
    expect(lookupOf(choice)).toEqual({ name: "tiny", model: WEIGHTS, tokenizer: WORDS });
    expect(whereFrom(choice.listed!)).toBe("from example.org");
  });

  it("is not possible where it is withdrawn, or at no address that the page asks", async () => {
    expect(chooseListed(await one(listed("tiny", REVOKED)))).toBeNull();
    for (const urls of [[], ["http://example.org/a.bin"], ["javascript:alert(1)"]]) {
      const files = [listedFile("WEIGHTS", WEIGHTS), listedFile("TOKENIZER", WORDS, { urls })];
      expect(chooseListed(await one(listed("tiny", {}, files)))).toBeNull();
    }
  });

  it.each([
    ["https://example.org/a.bin", true],
    ["models/a.bin", true],
    ["a.bin?download=1", true],
    ["https://", false],
    ["http://example.org/a.bin", false],
    ["//example.org/a.bin", false],
    ["\\\\example.org\\a.bin", false],
    ["data:text/plain,abc", false],
  ])("may ask %s: %s", (url, askable) => expect(isAskable(url)).toBe(askable));
});

describe("gathering what is on chain", () => {
  const file = new File(["x"], "tale.bin");
  const never = new AbortController().signal;

  it("fetches it, and tells how far it is", async () => {
    const version = await onChain();
    const { request } = chooseListed(version)!;
    expect(sourceOf(request, "model")).toEqual({ kind: "stored", sha256: WEIGHTS, name: "tale.bin" });
    const told: Json[] = [];
    const gathered = await gather(
      request,
      version,
      [],
      async (wanted, progress) => {
        expect(wanted.chunks).toEqual(CHUNKS);
        progress(50);
        return file;
      },
      ({ phase, bytes, total }) => told.push([phase, bytes, total]),
      never,
    );
    const [weights, ...others] = request.sources;
    expect(gathered.sources).toEqual([{ ...weights, source: { kind: "file", file } }, ...others]);
    expect(told).toEqual([
      ["download", 0, 80],
      ["download", 50, 80],
    ]);
  });

  it("asks nothing of the chain for a file that this browser keeps, or that is elsewhere", async () => {
    const read = () => Promise.reject(new Error("the chain was asked"));
    for (const version of [await onChain(), await one(listed("tiny"))]) {
      const { request } = chooseListed(version)!;
      const kept = [{ sha256: WEIGHTS, name: "tale.bin", bytes: 80 }];
      expect(await gather(request, version, kept, read, () => undefined, never)).toEqual(request);
    }
  });
});

describe("RegistryList", () => {
  it("reads few of many models, then a page more each time", async () => {
    const registry = new PlayedRegistry(10_000);
    const list = new RegistryList(registry);
    await list.load();
    expect([list.versions.length, registry.read]).toEqual([FIRST, FIRST]);
    await list.more();
    await list.more();
    expect([list.versions.length, registry.read]).toEqual([FIRST + 2 * PAGE, FIRST + 2 * PAGE]);
    expect(new Set(list.versions.map(({ model }) => model)).size).toBe(FIRST + 2 * PAGE);
    expect(list.next).not.toBeNull();
  });

  it("reads again as many as it shows, and finds what is new", async () => {
    const registry = new PlayedRegistry(FIRST + 1);
    const list = new RegistryList(registry);
    await list.load();
    await list.more();
    expect([list.versions.length, list.next]).toEqual([FIRST + 1, null]);
    registry.count += 3;
    await list.load();
    expect([list.versions.length, list.next]).toEqual([FIRST + 1, `model-${FIRST}`]);
  });

  it("looks a name up, and goes back to the list", async () => {
    const list = new RegistryList(new PlayedRegistry(100));
    await list.lookUp("model-99");
    expect(list.found?.version?.model).toBe("model-99");
    await list.lookUp("nobody");
    expect(list.found).toEqual({ name: "nobody", version: null });
    await list.lookUp("");
    expect(list.found).toBeNull();
  });

  it("keeps what it shows when the chain fails, and says why", async () => {
    const registry = new PlayedRegistry(100);
    const list = new RegistryList(registry);
    await list.load();
    const { query } = registry;
    registry.query = () => Promise.reject(new Error("gone"));
    await list.more();
    expect([list.versions.length, list.problem?.code, list.busy]).toEqual([
      FIRST,
      "chain-unreachable",
      false,
    ]);
    registry.query = query;
    await list.more();
    expect([list.versions.length, list.problem]).toEqual([FIRST + PAGE, null]);
  });
});
