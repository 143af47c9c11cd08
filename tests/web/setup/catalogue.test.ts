// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { DEMO_MODEL } from "../../../scripts/lib/steps/model.mjs";
import { parseCatalogue } from "../../../web/app/lib/catalogue";

const SITE = "https://example.org/tales/";
const models = parseCatalogue(readFileSync("public/models.json", "utf8"), SITE);

it("offers the demo model first, with the size and digest that set-up checks", () => {
  const { model } = models[0]!;
  expect(model).toMatchObject(DEMO_MODEL);
  expect(model.urls[0]).toBe(`${SITE}models/${DEMO_MODEL.name}`);
});

it("has terms to agree to where a licence forbids uses", () => {
  const withTerms = models.filter(({ licence }) => licence.terms !== null);
  expect(withTerms.map(({ licence }) => licence.id)).toEqual(["Gemma"]);
});
