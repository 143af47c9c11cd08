// SPDX-License-Identifier: Apache-2.0
/** The registry on its home chain, as those who follow it see it, and what it refuses. */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { askHome, Chain, network, release } from "./chains";

interface Version {
  number: number;
  publisher: string;
  published: { height: number };
  revoked: { reason: string } | null;
  release: { files: { sha256: string }[] };
}
interface ModelAnswer {
  model: { owner: string; versionCount: number; latest: Version; latestUsable: Version | null } | null;
}
interface Page<T> {
  items: T[];
  next: string | null;
}

/** More than two pages, and more than the changes that a wallet takes into a block by itself. */
const MANY = 50;
const VERSION = "{ number publisher published { height } revoked { reason } release { files { sha256 } } }";
const MODEL = `query($name: String!) { model(name: $name) { owner versionCount latest ${VERSION} latestUsable ${VERSION} } }`;
const STATE = "{ registry { copied nextHeight } requests(first: 100) { items { number } } }";
const PUBLISH =
  "mutation($name: String!, $release: ReleaseInput!) { publish(name: $name, release: $release) }";
const REVOKE =
  "mutation($name: String!, $version: Int!, $reason: String!) { revoke(name: $name, version: $version, reason: $reason) }";

describe.skipIf(!inject("network"))("the registry", () => {
  let alice: Chain; // publishes
  let bob: Chain; // follows

  beforeAll(async () => {
    [alice, bob] = await Promise.all([Chain.open("alice"), Chain.open("bob")]);
    await bob.follow();
  });
  afterAll(() => Promise.all([alice?.close(), bob?.close()]));

  /** Bob's copy of a model, once it is as it should be. */
  const seenByBob = async (name: string, fits: (model: NonNullable<ModelAnswer["model"]>) => boolean) => {
    const { model } = await bob.until<ModelAnswer>(
      MODEL,
      { name },
      ({ model }) => model !== null && fits(model),
    );
    return model!;
  };

  it("has the catalogue's models from the beginning, on every chain", async () => {
    const { founding } = await alice.ask<{ founding: { name: string }[] }>("{ founding { name } }");
    expect(founding.map(({ name }) => name)).toEqual(["smollm2-135m-instruct-q4_1", "stories260k"]);
    const atHome = await askHome<ModelAnswer>(MODEL, { name: "stories260k" });
    expect(atHome.model?.latest.release.files[0]?.sha256).toMatch(/^b0a507e7/);
    expect(await seenByBob("stories260k", () => true)).toEqual(atHome.model);
  });

  it("takes what is published elsewhere, and followers hear of it by themselves", async () => {
    const published = await alice.publisher.publish("fox", release("1"));
    const first = await seenByBob("fox", () => true);
    expect(first).toMatchObject({ owner: alice.owner, versionCount: 1 });
    expect(first.latest).toMatchObject({ number: 1, publisher: alice.owner, published: published.answered });

    await alice.publisher.publish("fox", release("2"));
    const second = await seenByBob("fox", ({ versionCount }) => versionCount === 2);
    expect(second.latest.release.files[0]?.sha256).toBe("2".repeat(64));
    expect((await askHome<ModelAnswer>(MODEL, { name: "fox" })).model).toEqual(second);
  });

  it("withdraws a version, and followers hear of that with its reason", async () => {
    await alice.publisher.publish("crow", release("3"));
    await alice.publisher.publish("crow", release("4"));
    await alice.publisher.revoke("crow", 2, "trained on the wrong stories");
    const crow = await seenByBob("crow", ({ latest }) => latest.revoked !== null);
    expect(crow.latest.revoked?.reason).toBe("trained on the wrong stories");
    expect(crow.latestUsable?.number).toBe(1);
    await expect(alice.publisher.revoke("crow", 2, "again")).rejects.toMatchObject({
      code: "already-revoked",
    });
  });

  it("keeps a name for the account that published it first", async () => {
    await alice.publisher.publish("heron", release("5"));
    await expect(bob.publisher.publish("heron", release("6"))).rejects.toMatchObject({ code: "not-owner" });
    await expect(bob.publisher.revoke("heron", 1, "I want it gone")).rejects.toMatchObject({
      code: "not-owner",
    });
    const { model } = await askHome<ModelAnswer>(MODEL, { name: "heron" });
    expect(model).toMatchObject({ owner: alice.owner, versionCount: 1, latest: { revoked: null } });
  });

  it("finds versions by either digest of a file, and tells a name's history", async () => {
    await alice.publisher.publish("wren", {
      ...release("7"),
      files: [{ ...release("7").files[0]!, sha3_256: "8".repeat(64) }],
    });
    await alice.publisher.revoke("wren", 1, "a test");
    await seenByBob("wren", ({ latest }) => latest.revoked !== null);
    for (const digest of ["7", "8"].map((digit) => digit.repeat(64))) {
      const query = "query($digest: Digest!) { version(digest: $digest) { items { model number } } }";
      const { version } = await bob.ask<{ version: Page<unknown> }>(query, { digest });
      expect(version.items).toEqual([{ model: "wren", number: 1 }]);
    }
    const { history } = await bob.ask<{ history: Page<unknown> }>(
      '{ history(name: "wren") { items { kind by version reason } } }',
    );
    expect(history.items).toEqual([
      { kind: "PUBLISHED", by: alice.owner, version: 1, reason: null },
      { kind: "REVOKED", by: alice.owner, version: 1, reason: "a test" },
    ]);
  });

  describe("refuses, and nothing changes:", () => {
    const [file] = release().files as [ReturnType<typeof release>["files"][0]];
    const withFile = (change: object) => ({ ...release(), files: [{ ...file, ...change }] });
    const NAMES: [string, string][] = [
      ["an empty name", ""],
      ["a name with capitals and spaces", "The Fox"],
      ["a name in another script", "лиса"],
      ["a name that is a path", "../fox"],
      ["a name of 65 letters", "f".repeat(65)],
    ];
    const RELEASES: [string, object][] = [
      ["no file", { ...release(), files: [] }],
      ["no weights", withFile({ role: "CONFIG" })],
      ["two files of one name", { ...release(), files: [file, file] }],
      ["an address without encryption", withFile({ urls: ["http://example.org/model.gguf"] })],
      ["an address above the page", withFile({ urls: ["../model.gguf"] })],
      ["a digest of 31 bytes", withFile({ sha256: "a".repeat(62) })],
      ["an empty file", withFile({ size: 0 })],
      ["a file that is nowhere", withFile({ urls: [] })],
      ["chunks that are less than the file", withFile({ chunks: [{ hash: "b".repeat(64), size: 999 }] })],
      ["chunks that nobody has published", withFile({ chunks: [{ hash: "b".repeat(64), size: 1000 }] })],
      ["a context of no tokens", { ...release(), contextLength: 0 }],
      ["a description of 2001 characters", { ...release(), description: "x".repeat(2001) }],
    ];

    const isRefused = async (mutation: string, variables: Record<string, unknown>) => {
      const before = await alice.ask(STATE);
      await expect(alice.ask(mutation, variables)).rejects.toThrow();
      expect(await alice.ask(STATE)).toEqual(before);
    };

    it.each(NAMES)("%s", (_, name) => isRefused(PUBLISH, { name, release: release() }));
    it.each(RELEASES)("%s", (_, bad) => isRefused(PUBLISH, { name: "magpie", release: bad }));
    it("a revocation without a reason", () => isRefused(REVOKE, { name: "fox", version: 1, reason: "" }));

    it("a version that there is not", async () => {
      await expect(alice.publisher.revoke("stork", 1, "x")).rejects.toMatchObject({ code: "unknown-name" });
      await alice.publisher.publish("swan", release("9"));
      await expect(alice.publisher.revoke("swan", 2, "x")).rejects.toMatchObject({ code: "unknown-version" });
    });
  });

  it("has many models in pages, on a chain that followed all the while and on one that begins now", async () => {
    const names = Array.from({ length: MANY }, (_, index) => `many-${String(index).padStart(3, "0")}`);
    for (let first = 0; first < names.length; first += 40) {
      const fields = names
        .slice(first, first + 40)
        .map((name) => `${name.replace("-", "_")}: publish(name: "${name}", release: $release)`);
      await alice.ask(`mutation($release: ReleaseInput!) { ${fields.join("\n")} }`, {
        release: release("c"),
      });
    }
    await seenByBob(names.at(-1)!, () => true);
    const carol = await Chain.open("carol");
    try {
      await carol.follow();
      await carol.until<ModelAnswer>(MODEL, { name: names.at(-1)! }, ({ model }) => model !== null);
      const lists = [];
      for (const chain of [bob, carol])
        lists.push(await allNames((query, variables) => chain.ask(query, variables)));
      lists.push(await allNames(askHome));
      for (const list of lists) expect(list.filter((name) => name.startsWith("many-"))).toEqual(names);
      expect(lists[0]).toEqual(lists[2]);
      expect(lists[1]).toEqual(lists[2]);
      await expect(bob.ask("{ models(first: 101) { next } }")).rejects.toMatchObject({ code: "page-size" });
    } finally {
      await carol.close();
    }
  });

  it("is watched by the model: its changes are copied, those of many others are not", async () => {
    const WATCHED = `query($name: String!) { registry { copied } watched(name: $name) { following copied announced
      model { owner versionCount latest ${VERSION} latestUsable ${VERSION} } } }`;
    interface Watched {
      registry: { copied: number };
      watched: ModelAnswer & { following: boolean; copied: number; announced: number };
    }
    const dora = await Chain.open("dora");
    try {
      const watch = "mutation($name: String!) { watch(name: $name) }";
      const name = "hare";
      await alice.publisher.publish(name, release("5"));
      await dora.ask(watch, { name });
      const fresh = await dora.until<Watched>(WATCHED, { name }, ({ watched }) => watched.model !== null);
      expect(fresh).toMatchObject({ registry: { copied: 0 }, watched: { copied: 1, announced: 1 } });
      expect(fresh.watched.model).toEqual((await askHome<ModelAnswer>(MODEL, { name })).model);

      await alice.publisher.publish("many-000", release("6"));
      await alice.publisher.publish(name, release("7"));
      await alice.publisher.revoke(name, 2, "Wrong.");
      const { registry, watched } = await dora.until<Watched>(
        WATCHED,
        { name },
        ({ watched }) => watched.copied === 3,
      );
      expect(registry.copied).toBe(0);
      expect(watched.model).toMatchObject({
        latest: { revoked: { reason: "Wrong." } },
        latestUsable: { number: 1 },
      });
      expect(watched.model).toEqual((await askHome<ModelAnswer>(MODEL, { name })).model);
      await expect(dora.ask(watch, { name: "*" })).rejects.toMatchObject({ code: "name-pattern" });
    } finally {
      await dora.close();
    }
  });

  it("is one application on one home chain for all", async () => {
    const query = "{ registry { application homeChain isHome following } }";
    const { application, homeChain } = network();
    const expected = { application, homeChain, isHome: false, following: true };
    expect(await bob.ask(query)).toEqual({ registry: expected });
    expect(await askHome(query)).toEqual({ registry: { ...expected, isHome: true, following: false } });
  });
});

/** All names, page by page. */
async function allNames(
  ask: (query: string, variables: Record<string, unknown>) => Promise<unknown>,
): Promise<string[]> {
  const names: string[] = [];
  for (let after: string | null = null; ;) {
    const query = "query($after: String) { models(after: $after, first: 20) { items { name } next } }";
    const { models } = (await ask(query, { after })) as { models: Page<{ name: string }> };
    names.push(...models.items.map(({ name }) => name));
    after = models.next;
    if (after === null) return names;
  }
}
