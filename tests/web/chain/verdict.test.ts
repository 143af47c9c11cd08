// SPDX-License-Identifier: Apache-2.0
/** From the chain to the verdict that the page shows: the wallet and the engine are played, all between them is real. */
import "fake-indexeddb/auto";
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chainError } from "../../../web/chain/errors";
import type { RequestKind, Requests } from "../../../web/chain/wallet/protocol";
import { parseCatalogue } from "../../../web/app/lib/catalogue";
import { Chain, type ChainLink } from "../../../web/app/features/wallet/chain.svelte";
import { lookupOf, chooseEntry, chooseOwn } from "../../../web/app/lib/choice";
import { EngineState } from "../../../web/app/lib/engine.svelte";
import { Models } from "../../../web/app/features/model/models.svelte";
import { Notices } from "../../../web/app/lib/notices.svelte";
import { PlayedEngine, READY, verdict } from "../played-engine";
import { answer, file, model, NETWORK, registry, version, watched } from "./played";
import { at } from "../../requests";

const BASE = "http://localhost/";
const entry = parseCatalogue(await readFile("public/models.json", "utf8"), BASE)[0]!;
const asked = lookupOf(chooseEntry(entry))!;
const sha256 = entry.model.sha256!;

/** The registry's answer about the first model of the list. */
function about(change = {}): string {
  const one = version(1, { model: entry.id, release: { files: [file("WEIGHTS", sha256)] }, ...change });
  return answer({ watched: watched(model(one)) });
}

class PlayedLink implements ChainLink {
  listener: ChainLink["listener"] = null;
  requests: RequestKind[] = [];
  queries: string[] = [];
  close = (): void => undefined;
  says: () => Promise<string> = async () => about();
  connects: () => Promise<void> = async () => undefined;

  request = async <K extends RequestKind>(
    kind: K,
    args: Requests[K]["args"],
  ): Promise<Requests[K]["result"]> => {
    this.requests.push(kind);
    const wallet = { chain: "d".repeat(64), owner: "0x1", kept: false, outside: false };
    if (kind === "query") {
      const { query } = args as Requests["query"]["args"];
      this.queries.push(query);
      if (query.includes("$name")) return (await this.says()) as Requests[K]["result"];
      return JSON.stringify({ data: { registry: registry() } }) as Requests[K]["result"];
    }
    if (kind === "connect") await this.connects();
    return wallet as Requests[K]["result"];
  };
}

async function page(network: Response = new Response(JSON.stringify(NETWORK)), limit?: number) {
  vi.stubGlobal("fetch", async () => network);
  const [link, port, notices] = [new PlayedLink(), new PlayedEngine(), new Notices()];
  const chain = new Chain(link, notices, BASE, limit);
  const models = new Models(new EngineState(port, notices), notices, BASE, chain);
  chain.onNews = () => void models.rejudge();
  await chain.describe();
  models.choice = chooseEntry(entry);
  return { link, port, notices, chain, models };
}

beforeEach(() => indexedDB.deleteDatabase("taleproof-registry"));
afterEach(() => vi.unstubAllGlobals());

describe("opening a model", () => {
  it("hands the registry's word to the engine", async () => {
    const { chain, models, port } = await page();
    port.opens = [{ ...READY, verdict: verdict("registered") }];
    expect(await models.ensureOpen()).toBe(true);
    expect(port.answers?.model).toMatchObject({ status: "registered", expected: { sha256 }, as_of: null });
    expect([models.verdict?.kind, chain.step, chain.problem]).toEqual(["registered", null, null]);
    expect(chain.wallet?.chain).toBe("d".repeat(64));
  });

  it("connects once for two models", async () => {
    const { link, chain } = await page();
    await chain.ask(asked);
    await chain.ask(asked);
    expect(link.requests.filter((kind) => kind === "connect")).toHaveLength(1);
  });

  it("opens the wallet ahead of the question, where it may", async () => {
    const { link, chain } = await page();
    chain.want(false);
    await chain.warm();
    expect(link.requests).toEqual([]);
    chain.want(true);
    await chain.warm();
    expect(link.requests[0]).toBe("connect");
    await chain.ask(asked);
    expect(link.requests.filter((kind) => kind === "connect")).toHaveLength(1);
  });

  it("has the model's own changes copied; the whole registry is asked where a name is silent", async () => {
    const { link, chain } = await page();
    await chain.warm(asked.name);
    await chain.ask(asked);
    const whole = (): string[] => link.queries.filter((query) => !query.includes("$name"));
    expect(whole()).toEqual([]);
    link.says = async () => answer({ model: null });
    expect((await chain.ask({ ...asked, name: "silent" }))?.model).toMatchObject({ status: "unknown" });
    expect(link.queries).toContain(
      "mutation($name: String!, $most: Int) { watch(name: $name, most: $most) }",
    );
    expect(whole()).not.toEqual([]);
  });

  it("asks nobody where the site has no chain, the person says no, or the file is one's own", async () => {
    for (const prepare of ["absent", "off", "own"]) {
      const { chain, link, models, port } = await page(
        prepare === "absent" ? new Response("", { status: 404 }) : undefined,
      );
      if (prepare === "off") chain.want(false);
      if (prepare === "own") models.choice = chooseOwn([at("https://example.org/a.gguf")]);
      await models.ensureOpen();
      const word = prepare === "absent" ? null : { model: null, tokenizer: null };
      expect([port.opened.length, port.answers, link.requests]).toEqual([1, word, []]);
    }
  });

  it("tells of a malformed description, and goes on without a chain", async () => {
    const { chain, models, notices } = await page(new Response('{"faucet": 1}'));
    expect([notices.current?.error.code, chain.network]).toEqual(["network-invalid", null]);
    expect(await models.ensureOpen()).toBe(true);
  });
});

describe("a chain that fails", () => {
  const failures: [string, (link: PlayedLink) => void, string][] = [
    ["the faucet is down", (link) => (link.connects = () => Promise.reject(chainError("faucet-unreachable"))), "faucet"],
    ["another tab has the wallet", (link) => (link.connects = () => Promise.reject(chainError("wallet-elsewhere"))), "Another tab"],
    ["the answer has another shape", (link) => (link.says = async () => '{"data": 1}'), "relied on"],
    ["the copy has a gap", (link) => (link.says = async () => answer({ watched: watched(null, { copied: 1, announced: 3 }) })), "1 of 3"],
    ["something unknown is thrown", (link) => (link.says = () => Promise.reject(new Error("?"))), "could not be reached"],
  ]; // prettier-ignore

  it.each(failures)("%s: said plainly, and never a tick", async (_what, spoil, word) => {
    const { chain, link, models, port } = await page();
    spoil(link);
    expect(await models.ensureOpen()).toBe(true);
    expect(port.answers?.model).toMatchObject({ status: "unreachable", expected: null });
    expect(port.answers?.model?.reason).toContain(word);
    expect(chain.problem?.message).toContain(word);
  });

  it("has the last verified answer stand in, with its age", async () => {
    const { chain, link } = await page();
    await chain.ask(asked);
    link.says = () => Promise.reject(chainError("chain-unreachable"));
    const { model } = (await chain.ask(asked))!;
    expect(model).toMatchObject({ status: "registered", expected: { sha256 } });
    expect(Date.now() - Date.parse(model!.as_of!)).toBeLessThan(60_000);
    expect(model!.reason).toContain("could not be reached");
  });

  it("is not waited for longer than the limit; what comes later is judged then", async () => {
    const { link, models, port, chain } = await page(undefined, 5);
    let arrive = (): void => undefined;
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    link.says = async () => arrived.then(() => about());
    await models.ensureOpen();
    expect(port.answers?.model?.status).toBe("unreachable");
    expect(chain.problem?.code).toBe("chain-slow");
    port.verdicts = [verdict("registered")];
    arrive();
    await vi.waitFor(() => expect(models.verdict?.kind).toBe("registered"));
    expect(port.judged.at(-1)?.model?.status).toBe("registered");
  });

  it("is tried again with the next question", async () => {
    const { chain, link } = await page();
    link.connects = () => Promise.reject(chainError("faucet-unreachable"));
    await chain.ask(asked);
    link.connects = async () => undefined;
    expect((await chain.ask(asked))?.model?.status).toBe("registered");
    expect(chain.problem).toBeNull();
  });
});

describe("news from the chain while a model is open", () => {
  it("revoked: the verdict changes, the model is closed, the reason is told", async () => {
    const { link, models, notices, port } = await page();
    await models.ensureOpen();
    link.says = async () => about({ revoked: { reason: "poisoned" } });
    port.verdicts = [{ ...verdict("revoked"), sentence: "Withdrawn: poisoned." }];
    link.listener?.changed();
    await vi.waitFor(() => expect(models.verdict?.kind).toBe("revoked"));
    expect(port.judged.at(-1)?.model).toMatchObject({ status: "revoked", reason: "poisoned" });
    expect(models.open).toBeNull();
    expect(notices.current?.error.message).toContain("poisoned");
  });

  it("registered: the same model stays open, so that its story can go on", async () => {
    const { link, models, port } = await page();
    await models.ensureOpen();
    const before = models.open;
    port.verdicts = [verdict("registered")];
    link.listener?.changed();
    await vi.waitFor(() => expect(models.verdict?.kind).toBe("registered"));
    expect(models.open).toBe(before);
  });

  it("judges again when the person lets the chain be asked, or no more", async () => {
    const { chain, models, port } = await page();
    await models.ensureOpen();
    chain.want(false);
    await vi.waitFor(() => expect(port.judged).toEqual([{ model: null, tokenizer: null }]));
    chain.want(true);
    await vi.waitFor(() => expect(port.judged.at(-1)?.model?.status).toBe("registered"));
  });

  it("that comes while a model is opened is judged as soon as it is open", async () => {
    const { chain, link, models, port } = await page();
    await chain.ask(asked);
    const open = port.open;
    port.open = async (...asked) => {
      const result = await open(...asked);
      link.says = async () => about({ revoked: { reason: "poisoned" } });
      link.listener?.changed();
      return result;
    };
    port.verdicts = [verdict("revoked")];
    await models.ensureOpen();
    await vi.waitFor(() => expect(models.verdict?.kind).toBe("revoked"));
    expect(port.judged.at(-1)?.model?.status).toBe("revoked");
  });

  it("does not ask about a model that is not open", async () => {
    const { link, models, port } = await page();
    link.listener?.changed();
    await models.rejudge();
    expect([port.judged, link.requests]).toEqual([[], []]);
  });
});
