// SPDX-License-Identifier: Apache-2.0
/**
 * The catalogue of models that this site vouches for.
 *
 * In: public/models.json, as text. Out: its entries, every field checked. Refused, with an EngineError that names the
 * entry and the field: anything else. A catalogue that cannot be trusted to be whole pins nothing.
 */

import * as v from "valibot";
import { EngineError } from "../../engine/errors";
import type { ExpectedDigests, FileRequest, OpenRequest, Role } from "../../engine/protocol";
import { count, digest, list, object, oneOf, optional, readJson, some, text } from "../../shared/json";

/** Web addresses only: a `javascript:` address in a link would run. */
function webAddress(base: string) {
  const isWeb = (address: string): boolean =>
    URL.canParse(address, base) && ["https:", "http:"].includes(new URL(address, base).protocol);
  return v.pipe(
    text,
    v.check(isWeb, "is not a web address"),
    v.transform((address) => new URL(address, base).href),
  );
}

function catalogueFile(base: string) {
  return v.pipe(
    object({
      /** `part` is any further file of a model in several: other weights, config.json, tokenizer.json. */
      role: oneOf("model", "part", "tokenizer"),
      name: text,
      /** A tokenizer's may be left out. */
      size: optional(count()),
      /** One of the two digests may be left out. */
      sha256: optional(digest),
      sha3_256: optional(digest),
      urls: some(webAddress(base)),
    }),
    v.check(({ sha256, sha3_256 }) => (sha256 ?? sha3_256) !== null, "has neither a SHA-256 nor a SHA3-256"),
    v.check(({ role, size }) => role === "tokenizer" || size !== null, 'has no field "size"'),
  );
}
export type CatalogueFile = v.InferOutput<ReturnType<typeof catalogueFile>>;

function catalogueModel(base: string) {
  return v.pipe(
    object({
      id: text,
      name: text,
      description: text,
      quantization: text,
      parameters: count(),
      contextLength: count(),
      /** `terms` says in a sentence what has to be agreed to before the model is fetched; null where nothing has. */
      licence: object({ id: text, url: webAddress(base), terms: optional(text) }),
      source: webAddress(base),
      files: some(catalogueFile(base)),
    }),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const { files, ...entry } = dataset.value;
      const model = files.find(({ role }) => role === "model");
      const tokenizer = files.find(({ role }) => role === "tokenizer") ?? null;
      if (model) return { ...entry, model, parts: files.filter(({ role }) => role === "part"), tokenizer };
      addIssue({ message: "has no file with the role model" });
      return NEVER;
    }),
  );
}
export type CatalogueModel = v.InferOutput<ReturnType<typeof catalogueModel>>;

function catalogue(base: string) {
  return object({
    version: v.literal(1, "is not 1"),
    models: v.pipe(
      some(catalogueModel(base)),
      v.check((models) => new Set(models.map(({ id }) => id)).size === models.length, "has an id twice"),
    ),
    embedders: v.optional(list(catalogueModel(base)), []),
  });
}

function wrong(where: string, what: string): EngineError {
  return new EngineError({
    code: "catalogue-invalid",
    message:
      `This site's list of models is damaged: ${where} ${what}. Nothing was loaded. ` +
      "Load the page again; if it stays so, tell the site's owner. A file of your own still works.",
    details: { where, what },
  });
}

/** @param base the address that relative addresses in the catalogue start from. */
export function parseCatalogue(json: string, base: string): CatalogueModel[] {
  return readJson(catalogue(base), json, "it", wrong).models;
}

export async function fetchCatalogue(base: string, fetcher: typeof fetch = fetch): Promise<CatalogueModel[]> {
  return parseCatalogue(await fetchList(base, fetcher), base);
}

/** The model that makes vectors of texts, or null where the site has none. */
export async function fetchEmbedder(
  base: string,
  fetcher: typeof fetch = fetch,
): Promise<CatalogueModel | null> {
  const { embedders } = readJson(catalogue(base), await fetchList(base, fetcher), "it", wrong);
  return embedders[0] ?? null;
}

async function fetchList(base: string, fetcher: typeof fetch): Promise<string> {
  try {
    const response = await fetcher(new URL("models.json", base));
    if (!response.ok) throw new Error(`status ${response.status}`);
    return await response.text();
  } catch (cause) {
    throw new EngineError({
      code: "catalogue-unavailable",
      message:
        "This site's list of models could not be fetched. Check the connection and load the page again; " +
        "a file of your own works in the meantime.",
      details: { cause: String(cause) },
    });
  }
}

/** Bytes of a model's weights, and of what belongs to them. */
export function bytesOf({ model, parts }: CatalogueModel): number {
  return [model, ...parts].reduce((sum, file) => sum + (file.size ?? 0), 0);
}

function expected(file: CatalogueFile): ExpectedDigests {
  return { sha256: file.sha256, sha3_256: file.sha3_256, size: file.size };
}

/** The request that opens an entry of the catalogue, every file of it pinned. */
export function catalogueRequest(entry: CatalogueModel): OpenRequest {
  const source = (file: CatalogueFile) => ({ kind: "url", url: file.urls[0]!, name: file.name }) as const;
  const request = (role: Role, file: CatalogueFile): FileRequest => ({
    role,
    source: source(file),
    pinned: expected(file),
  });
  const { model, parts, tokenizer } = entry;
  const sources = [model, ...parts].map((file) => request("model", file));
  return { sources: tokenizer ? [...sources, request("tokenizer", tokenizer)] : sources };
}
