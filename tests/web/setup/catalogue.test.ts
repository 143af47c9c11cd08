// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { DEMO_MODEL } from "../../../scripts/lib/steps/model.mjs";

interface CatalogueFile {
  role: string;
  name: string;
  size?: number;
  sha256?: string;
  sha3_256?: string;
  urls: string[];
}
interface CatalogueModel {
  id: string;
  name: string;
  contextLength: number;
  licence: { id: string; url: string; terms?: string };
  source: string;
  files: CatalogueFile[];
}

const { models } = JSON.parse(readFileSync("public/models.json", "utf8")) as { models: CatalogueModel[] };

it("offers the demo model first, with the size and digest that set-up checks", () => {
  const [file] = models[0]!.files;
  expect(file).toMatchObject(DEMO_MODEL);
  expect(file!.urls[0]).toBe(`models/${DEMO_MODEL.name}`);
});

it("gives every model an id of its own, a licence and a source", () => {
  expect(new Set(models.map((model) => model.id)).size).toBe(models.length);
  for (const model of models) {
    expect(model.licence.id).not.toBe("");
    expect(model.source).toMatch(/^https:/);
    expect(model.contextLength).toBeGreaterThan(0);
  }
});

it("has terms to agree to where a licence forbids uses", () => {
  const withTerms = models.filter(({ licence }) => licence.terms !== undefined);
  expect(withTerms.map(({ licence }) => licence.id)).toEqual(["Gemma"]);
});

it("pins every file, since a file without a digest cannot be verified", () => {
  for (const file of models.flatMap((model) => model.files)) {
    expect(file.sha256 ?? file.sha3_256).toMatch(/^[0-9a-f]{64}$/);
    if (file.role !== "tokenizer") expect(file.size).toBeGreaterThan(0);
    expect(file.urls.length).toBeGreaterThan(0);
    expect(["model", "tokenizer"]).toContain(file.role);
  }
});
