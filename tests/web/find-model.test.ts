// SPDX-License-Identifier: Apache-2.0
/** Where the model of a token's receipt is found: what is open, then who vouches for it, then what is kept. */
import { beforeEach, describe, expect, it } from "vitest";
import { readFileSync } from "node:fs";
import { chainError } from "../../web/chain/errors";
import type { Json, StoredModel } from "../../web/engine/protocol";
import { parseCatalogue } from "../../web/app/lib/catalogue";
import { chooseOwn } from "../../web/app/lib/choice";
import { findModel, type Places } from "../../web/app/features/tokens/find-model";
import type { OpenModel } from "../../web/app/features/model/models.svelte";
import { NETWORK, registry, version, WEIGHTS, WORDS } from "./chain/played";
import { MEMORY, MODEL, PlayedEngine, verdict } from "./played-engine";
import { at } from "../requests";

const WANTED = { model: WEIGHTS, tokenizer: WORDS };
const catalogue = parseCatalogue(readFileSync("public/models.json", "utf8"), "http://localhost/");
let kept: StoredModel[];
let listed: Json[];
let asked: number;

/** A version of the registry with what it takes to fetch it. */
function fetchable(change: { [key: string]: Json } = {}): Json {
  const file = (role: string, sha256: string) => ({
    role,
    name: `${role.toLowerCase()}.bin`,
    size: 80,
    sha256,
    sha3_256: "3".repeat(64),
    urls: ["https://example.org/it.bin"],
    chunks: [],
  });
  const release = {
    description: "",
    licence: "MIT",
    architecture: "llama",
    format: "llama2.c",
    files: [file("WEIGHTS", WEIGHTS), file("TOKENIZER", WORDS)],
  };
  return version(1, { release, ...change });
}

function places(change: Partial<Places["models"]> = {}): Places {
  const port = new PlayedEngine();
  port.storage = async () => ({ available: true, models: kept, halves: [], used: 0, free: null });
  const chain = {
    network: NETWORK,
    follow: async () => undefined,
    query: async () => {
      asked += 1;
      return JSON.stringify({ data: { registry: registry(), version: { items: listed, next: null } } });
    },
  };
  return { models: { open: null, catalogue: [], ...change }, engine: { port }, chain };
}

const stored = (sha256: string, name: string): StoredModel => ({ sha256, name, bytes: 80 });

beforeEach(() => {
  kept = [stored(WEIGHTS, "mine.bin"), stored(WORDS, "tok.bin")];
  listed = [];
  asked = 0;
});

describe("the model of a receipt", () => {
  it("is the open one, if it has both digests", async () => {
    const choice = chooseOwn([at("https://example.org/it.bin")]);
    const { digests } = MODEL;
    const open: OpenModel = { choice, model: MODEL, verdict: verdict("pinned"), memory: MEMORY };
    const wanted = { model: digests.sha256, tokenizer: null };
    expect(await findModel(wanted, places({ open }))).toBe(choice);
    await expect(findModel({ ...wanted, tokenizer: WORDS }, places({ open }))).rejects.toThrow();
  });

  it("is the one of the site's list, which asks nobody", async () => {
    const entry = catalogue.find(({ tokenizer }) => tokenizer !== null)!;
    const wanted = { model: entry.model.sha256!, tokenizer: entry.tokenizer!.sha256 };
    expect(await findModel(wanted, places({ catalogue }))).toMatchObject({ entry });
    expect(asked).toBe(0);
    await expect(findModel({ ...wanted, tokenizer: null }, places({ catalogue }))).rejects.toMatchObject({
      code: "receipt-model-missing",
    });
  });

  it("is the registry's, before a kept file for which nobody vouches", async () => {
    listed = [fetchable()];
    expect(await findModel(WANTED, places())).toMatchObject({ name: "tiny", listed: { number: 1 } });
  });

  it("is refused where the registry withdrew it, kept here or not", async () => {
    listed = [fetchable({ revoked: { reason: "The weights were poisoned." } })];
    await expect(findModel(WANTED, places())).rejects.toMatchObject({
      code: "receipt-model-revoked",
      message: expect.stringContaining("The weights were poisoned."),
    });
  });

  it("is the kept one where the chain is out of reach; without one, the chain is what is missing", async () => {
    const out = places();
    out.chain = { ...out.chain, follow: () => Promise.reject(chainError("chain-unreachable")) };
    expect((await findModel(WANTED, out)).request.sources[0]?.source).toMatchObject({
      kind: "stored",
      sha256: WEIGHTS,
    });
    kept = [];
    await expect(findModel(WANTED, out)).rejects.toMatchObject({ code: "chain-unreachable" });
  });

  it("is the kept one with all its files", async () => {
    expect((await findModel(WANTED, places())).request.sources).toMatchObject([
      { role: "model", source: { kind: "stored", sha256: WEIGHTS, name: "mine.bin" }, pinned: null },
      { role: "tokenizer", source: { kind: "stored", sha256: WORDS } },
    ]);
    expect((await findModel({ model: WEIGHTS, tokenizer: null }, places())).request.sources).toHaveLength(1);
    kept = [stored(WEIGHTS, "mine.bin")];
    const missing = findModel(WANTED, places());
    await expect(missing).rejects.toMatchObject({ code: "receipt-model-missing" });
    await expect(missing).rejects.toThrow(new RegExp(`${WEIGHTS}, and ${WORDS}`));
  });
});
