// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EngineError } from "../../web/engine/errors";
import { catalogueRequest, fetchCatalogue, parseCatalogue } from "../../web/app/lib/catalogue";

const BASE = "http://localhost/site/";
const SHIPPED = readFileSync(new URL("../../public/models.json", import.meta.url), "utf8");

interface Draft {
  version: unknown;
  models: { [key: string]: unknown; files: { [key: string]: unknown }[] }[];
}

function changed(change: (draft: Draft) => void): string {
  const draft = JSON.parse(SHIPPED) as Draft;
  change(draft);
  return JSON.stringify(draft);
}

const entry = (draft: Draft) => draft.models[0] ?? { files: [] };
const file = (draft: Draft) => entry(draft).files[0] ?? {};

function refusal(json: string): EngineError {
  try {
    parseCatalogue(json, BASE);
  } catch (thrown) {
    if (thrown instanceof EngineError) return thrown;
    throw thrown;
  }
  throw new Error("it was taken");
}

describe("the catalogue", () => {
  it("as it ships is whole, and its addresses start from the site's own", () => {
    const [demo] = parseCatalogue(SHIPPED, BASE);
    expect(demo?.model.urls[0]).toBe("http://localhost/site/models/SmolLM2-135M-Instruct.Q4_1.gguf");
    expect(demo?.model.sha256).toBe("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53");
    expect(demo?.licence.id).toBe("Apache-2.0");
  });

  it("pins every file of an entry", () => {
    for (const model of parseCatalogue(SHIPPED, BASE)) {
      const request = catalogueRequest(model);
      const files = [model.model, ...model.parts, ...(model.tokenizer ? [model.tokenizer] : [])];
      expect(request.sources.map(({ pinned }) => pinned)).toEqual(
        files.map(({ sha256, sha3_256, size }) => ({ sha256, sha3_256, size })),
      );
    }
  });

  it("may not know the size of a tokenizer, but that of a model", () => {
    const stories = parseCatalogue(SHIPPED, BASE).find(({ id }) => id === "stories42m");
    expect(stories?.tokenizer?.size).toBeNull();
    expect(catalogueRequest(stories!).sources[1]).toMatchObject({
      role: "tokenizer",
      pinned: { sha3_256: stories?.tokenizer?.sha3_256 },
    });
    const refused = refusal(changed((draft) => delete file(draft).size));
    expect(refused.message).toContain('"size"');
  });

  it("may know a file by its SHA3-256 alone, and a model in several files", () => {
    const sha3 = "3".repeat(64);
    const json = changed((draft) => {
      const first = file(draft);
      delete first.sha256;
      first.sha3_256 = sha3;
      entry(draft).files.push({ ...first, role: "part", name: "config.json" });
    });
    const request = catalogueRequest(parseCatalogue(json, BASE)[0]!);
    expect(request.sources).toMatchObject([
      { role: "model", pinned: { sha256: null, sha3_256: sha3 } },
      { role: "model", source: { name: "config.json" }, pinned: { sha3_256: sha3 } },
    ]);
  });

  it.each<[string, string]>([
    ["nothing", ""],
    ["a page in place of it", "<!doctype html>"],
    ["a list", "[]"],
    ["another version", changed((draft) => (draft.version = 2))],
    ["no models", changed((draft) => (draft.models = []))],
    ["an id twice", changed((draft) => draft.models.push(entry(draft)))],
    ["a digest cut short", changed((draft) => (file(draft).sha256 = "b179"))],
    ["a digest in capitals", changed((draft) => (file(draft).sha256 = "B".repeat(64)))],
    ["no digest", changed((draft) => delete file(draft).sha256)],
    ["a size of a text", changed((draft) => (file(draft).size = "98 MB"))],
    ["a size below zero", changed((draft) => (file(draft).size = -1))],
    ["an unknown role", changed((draft) => (file(draft).role = "virus"))],
    ["no address", changed((draft) => (file(draft).urls = []))],
    ["an address that runs", changed((draft) => (entry(draft).source = "javascript:alert(1)"))],
    ["an address of data", changed((draft) => (file(draft).urls = ["data:,x"]))],
    ["no file", changed((draft) => (entry(draft).files = []))],
    ["no licence", changed((draft) => delete entry(draft).licence)],
    ["an empty name", changed((draft) => (entry(draft).name = ""))],
  ])("with %s is refused in words", (_, json) => {
    const error = refusal(json);
    expect(error.code).toBe("catalogue-invalid");
    expect(error.message).toMatch(/list of models is damaged: .+\. Nothing was loaded\./);
  });

  it("has no name with half of a character in it", () => {
    const refused = refusal(changed((draft) => (file(draft).name = "model\ud800.gguf")));
    expect(refused.code).toBe("catalogue-invalid");
    expect(refused.message).toContain('"name"');
  });

  it("that cannot be fetched says what to do", async () => {
    for (const fetcher of [
      () => Promise.reject(new TypeError("offline")),
      () => Promise.resolve(new Response("", { status: 503 })),
    ]) {
      await expect(fetchCatalogue(BASE, fetcher)).rejects.toMatchObject({ code: "catalogue-unavailable" });
    }
  });
});
