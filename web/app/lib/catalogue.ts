// SPDX-License-Identifier: Apache-2.0
/**
 * The catalogue of models that this site vouches for.
 *
 * In: public/models.json, as text. Out: its entries, every field checked. Refused, with an EngineError that names the
 * entry and the field: anything else. A catalogue that cannot be trusted to be whole pins nothing.
 */

import { EngineError } from "../../engine/errors";
import type { ExpectedDigests, FileRequest, Json, OpenRequest } from "../../engine/protocol";
import { Shape, type Fields } from "../../shared/shape";

export interface CatalogueFile {
  /** `part` is any further file of a model in several: other weights, config.json, tokenizer.json. */
  role: "model" | "part" | "tokenizer";
  name: string;
  /** A tokenizer's may be null. */
  size: number | null;
  /** One of the two digests may be null. */
  sha256: string | null;
  sha3_256: string | null;
  url: string;
}

export interface CatalogueModel {
  id: string;
  name: string;
  description: string;
  quantization: string;
  parameters: number;
  contextLength: number;
  /** `terms` says in a sentence what has to be agreed to before the model is fetched; null where nothing has. */
  licence: { id: string; url: string; terms: string | null };
  source: string;
  model: CatalogueFile;
  parts: CatalogueFile[];
  tokenizer: CatalogueFile | null;
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

const shape = new Shape(wrong);

function some(from: Fields, key: string, where: string): Json[] {
  const items = shape.list(from, key, where);
  if (items.length > 0) return items;
  throw wrong(`${where}, field "${key}",`, "is empty");
}

/** Web addresses only: a `javascript:` address in a link would run. */
function webAddress(value: Json | undefined, base: string, where: string): string {
  if (typeof value === "string" && URL.canParse(value, base)) {
    const url = new URL(value, base);
    if (url.protocol === "https:" || url.protocol === "http:") return url.href;
  }
  throw wrong(where, "is not a web address");
}

function parseFile(value: Json, base: string, where: string): CatalogueFile {
  const from = shape.fields(value, where);
  const role = from.role;
  if (role !== "model" && role !== "part" && role !== "tokenizer")
    throw wrong(`${where}, field "role",`, "is unknown");
  const digest = (key: string): string | null =>
    from[key] === undefined ? null : shape.digest(from, key, where);
  const [sha256, sha3_256] = [digest("sha256"), digest("sha3_256")];
  if (sha256 === null && sha3_256 === null) throw wrong(where, "has neither a SHA-256 nor a SHA3-256");
  return {
    role,
    name: shape.text(from, "name", where),
    size: role === "tokenizer" && from.size === undefined ? null : shape.count(from, "size", where),
    sha256,
    sha3_256,
    url: webAddress(some(from, "urls", where)[0], base, `${where}, first of "urls",`),
  };
}

function parseModel(value: Json, base: string, where: string): CatalogueModel {
  const from = shape.fields(value, where);
  const licence = shape.fields(from.licence, `${where}, field "licence",`);
  const files = some(from, "files", where).map((file, i) => parseFile(file, base, `${where}, file ${i + 1}`));
  const model = files.find((file) => file.role === "model");
  if (!model) throw wrong(where, "has no file with the role model");
  return {
    id: shape.text(from, "id", where),
    name: shape.text(from, "name", where),
    description: shape.text(from, "description", where),
    quantization: shape.text(from, "quantization", where),
    parameters: shape.count(from, "parameters", where),
    contextLength: shape.count(from, "contextLength", where),
    licence: {
      id: shape.text(licence, "id", where),
      url: webAddress(licence.url, base, `${where}, the licence's address,`),
      terms: licence.terms === undefined ? null : shape.text(licence, "terms", where),
    },
    source: webAddress(from.source, base, `${where}, field "source",`),
    model,
    parts: files.filter((file) => file.role === "part"),
    tokenizer: files.find((file) => file.role === "tokenizer") ?? null,
  };
}

/** @param base the address that relative addresses in the catalogue start from. */
export function parseCatalogue(json: string, base: string): CatalogueModel[] {
  const root = shape.fields(shape.decode(json, "it"), "it");
  if (root.version !== 1) throw wrong('field "version"', "is not 1");
  const models = some(root, "models", "it").map((entry, i) => parseModel(entry, base, `entry ${i + 1}`));
  if (new Set(models.map((model) => model.id)).size !== models.length) throw wrong("it", "has an id twice");
  return models;
}

/** The model that makes vectors of texts, or null where the site has none. */
function parseEmbedder(json: string, base: string): CatalogueModel | null {
  const { embedders } = shape.fields(shape.decode(json, "it"), "it");
  const first = Array.isArray(embedders) ? embedders[0] : undefined;
  return first === undefined ? null : parseModel(first, base, "embedder 1");
}

export async function fetchCatalogue(base: string, fetcher: typeof fetch = fetch): Promise<CatalogueModel[]> {
  return parseCatalogue(await fetchList(base, fetcher), base);
}

export async function fetchEmbedder(
  base: string,
  fetcher: typeof fetch = fetch,
): Promise<CatalogueModel | null> {
  return parseEmbedder(await fetchList(base, fetcher), base);
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
  const source = (file: CatalogueFile) => ({ kind: "url", url: file.url, name: file.name }) as const;
  const wish = (file: CatalogueFile): FileRequest => ({ source: source(file), pinned: expected(file) });
  const { model, parts, tokenizer } = entry;
  return {
    ...wish(model),
    ...(parts.length > 0 ? { files: parts.map(wish) } : {}),
    ...(tokenizer ? { tokenizer: wish(tokenizer) } : {}),
  };
}
