// SPDX-License-Identifier: Apache-2.0
/** A model of the registry is chosen and opened: the wallet and the engine are played, all between them is real. */
import "fake-indexeddb/auto";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { blobHash, CHUNK } from "../../../web/chain/registry/on-chain";
import type { ListedFile, ListedVersion } from "../../../web/chain/registry/listed";
import type { RequestKind, Requests } from "../../../web/chain/wallet/protocol";
import { Chain, type ChainLink } from "../../../web/app/features/wallet/chain.svelte";
import { chooseListed } from "../../../web/app/lib/choice";
import { EngineState } from "../../../web/app/lib/engine.svelte";
import { Models } from "../../../web/app/features/model/models.svelte";
import { Notices } from "../../../web/app/lib/notices.svelte";
import { acceptedOf, PlayedEngine, READY, unaccepted, verdict } from "../played-engine";
import { answer, model, NETWORK, PUBLISHER, registry, version, watched, WEIGHTS, WORDS } from "./played";

const BYTES = readFileSync("tests/fixtures/tok512.bin");

function onChain(role: string, name: string, sha256: string): ListedFile {
  const chunks = [{ hash: blobHash(BYTES), size: BYTES.length }];
  return { role, name, size: BYTES.length, sha256, sha3_256: "3".repeat(64), urls: [], chunks };
}

const LISTED: ListedVersion = {
  model: "tiny",
  number: 1,
  publisher: PUBLISHER,
  block: 11,
  revoked: null,
  files: [],
  description: "",
  licence: "MIT",
  architecture: "llama",
  format: "llama2.c",
  weights: onChain("WEIGHTS", "tale.bin", WEIGHTS),
  tokenizer: onChain("TOKENIZER", "tok.bin", WORDS),
};

class PlayedWallet implements ChainLink {
  listener: ChainLink["listener"] = null;
  /** The parts asked for. */
  chunks = 0;
  close = (): void => undefined;
  gives: () => Promise<string> = async () => JSON.stringify({ data: { chunk: BYTES.toString("base64") } });

  request = async <K extends RequestKind>(
    kind: K,
    args: Requests[K]["args"],
  ): Promise<Requests[K]["result"]> =>
    (kind === "query"
      ? await this.answer((args as Requests["query"]["args"]).query)
      : { chain: "d".repeat(64), owner: "0x1", kept: false, outside: false }) as Requests[K]["result"];

  /** Done when the registry can be asked. */
  awake: Promise<void> = Promise.resolve();

  private async answer(query: string): Promise<string> {
    if (query === CHUNK) {
      this.chunks += 1;
      return this.gives();
    }
    await this.awake;
    return query.includes("$name")
      ? answer({ watched: watched(model(version(1))) })
      : JSON.stringify({ data: { registry: registry() } });
  }
}

/** @param limit how long an answer of the registry is waited for, in milliseconds. */
async function page(limit?: number) {
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(NETWORK)));
  const [wallet, port, notices] = [new PlayedWallet(), new PlayedEngine(), new Notices()];
  const chain = new Chain(wallet, notices, "http://localhost/", limit);
  const models = new Models(new EngineState(port, notices), notices, "http://localhost/", chain);
  await chain.describe();
  await models.choose(chooseListed(LISTED)!);
  return { wallet, port, notices, chain, models };
}

function keeps(port: PlayedEngine, ...digests: string[]): void {
  const models = digests.map((sha256) => ({ sha256, name: "kept.bin", bytes: BYTES.length }));
  port.storage = async () => ({ available: true, models, halves: [], used: 0, free: null });
}

beforeEach(() => indexedDB.deleteDatabase("taleproof-registry"));
afterEach(() => vi.unstubAllGlobals());

describe("opening what is on chain", () => {
  it("hands the engine whole files, nothing pinned, and the registry's word", async () => {
    const { wallet, port, models } = await page();
    port.opens = [{ ...READY, verdict: verdict("registered") }];
    expect(await models.ensureOpen()).toBe(true);
    expect(port.opened[0]?.sources).toMatchObject([
      { role: "model", source: { kind: "file" }, pinned: null },
      { role: "tokenizer", source: { kind: "file" }, pinned: null },
    ]);
    expect(port.answers?.model).toMatchObject({ status: "registered", expected: { sha256: WEIGHTS } });
    expect(port.answers?.tokenizer).toMatchObject({ status: "registered", expected: { sha256: WORDS } });
    expect([models.verdict?.kind, models.progress, wallet.chunks]).toEqual(["registered", null, 2]);
  });

  it("reads only what this browser does not keep", async () => {
    const { wallet, port, models } = await page();
    keeps(port, WEIGHTS);
    await models.ensureOpen();
    expect(port.opened[0]?.sources).toMatchObject([
      { source: { kind: "stored", sha256: WEIGHTS, name: "tale.bin" } },
      { source: { kind: "file" } },
    ]);
    expect(wallet.chunks).toBe(1);
  });

  it("has the verdict follow the registry's news, as for any model", async () => {
    const { wallet, port, chain, models } = await page();
    chain.onNews = () => void models.rejudge();
    await models.ensureOpen();
    port.verdicts = [{ ...verdict("revoked"), sentence: "Withdrawn." }];
    wallet.listener?.changed();
    await vi.waitFor(() => expect(models.verdict?.kind).toBe("revoked"));
    expect(models.open).toBeNull();
  });

  it("asks the person where the registry is late, and opens it when that answers after all", async () => {
    const { wallet, port, chain, models } = await page(5);
    chain.onNews = () => void models.rejudge();
    let wake = (): void => undefined;
    wallet.awake = new Promise((resolve) => (wake = resolve));
    port.opens = [unaccepted("model", "tale.bin"), { ...READY, verdict: verdict("registered") }];
    const opening = models.ensureOpen();
    await vi.waitFor(() => expect(models.question?.file).toBe("tale.bin"));
    expect(port.answers?.model?.status).toBe("unreachable");
    wake();
    expect(await opening).toBe(true);
    expect([models.verdict?.kind, models.question]).toEqual(["registered", null]);
    expect(port.answers?.model).toMatchObject({ status: "registered", expected: { sha256: WEIGHTS } });
    expect(acceptedOf(port)).toEqual([null, "c".repeat(64)]); // what it holds
    expect(models.choice?.request.sources[0]?.accept ?? null).toBeNull(); // nobody has accepted it
  });

  it("asks the chain for nothing while it is not to be asked", async () => {
    const { wallet, port, chain, models, notices } = await page();
    chain.want(false);
    expect(await models.ensureOpen()).toBe(false);
    expect([notices.current?.error.code, port.opened, wallet.chunks]).toEqual(["chain-not-asked", [], 0]);
  });

  it("opens nothing of which a part is wrong", async () => {
    const { wallet, port, models, notices } = await page();
    wallet.gives = async () =>
      JSON.stringify({ data: { chunk: Buffer.alloc(BYTES.length).toString("base64") } });
    expect(await models.ensureOpen()).toBe(false);
    expect([notices.current?.error.code, port.opened, models.verdict]).toEqual(["chunk-digest", [], null]);
  });

  it("stops at once, even while a part is on its way", async () => {
    const { wallet, port, models, notices } = await page();
    wallet.gives = () => new Promise(() => undefined);
    const opening = models.ensureOpen();
    await vi.waitFor(() => expect(wallet.chunks).toBe(1));
    expect(models.progress).toMatchObject({ file: "tale.bin from the chain", bytes: 0, total: BYTES.length });
    models.stop();
    expect(await opening).toBe(false);
    expect([notices.current, port.opened, models.opening]).toEqual([null, [], false]);
  });
});
