// SPDX-License-Identifier: Apache-2.0
/**
 * Which model the person chose, what the registry is asked about it, and the request that opens it.
 *
 * In: an entry of the site's list, a version of the registry, a file, an address. Out: a Choice.
 */

import type { ListedFile, ListedVersion } from "../../chain/registry/listed";
import type { RegistryLookup } from "../../chain/registry/registry";
import type { FileRequest, ModelSource, OpenRequest, Role, StoredModel } from "../../engine/protocol";
import { catalogueRequest, type CatalogueModel } from "./catalogue";
import type { StoryModel } from "./story";

export interface Choice {
  name: string;
  /** The entry of the site's catalogue, if it is one. */
  entry: CatalogueModel | null;
  /** The version of the registry, if it was chosen there. */
  listed: ListedVersion | null;
  /** What is on chain has no source but this browser's own copy until it is fetched (gather.ts). */
  request: OpenRequest;
}

export function chooseEntry(entry: CatalogueModel): Choice {
  return { name: entry.name, entry, listed: null, request: catalogueRequest(entry) };
}

/** A version of the registry; null where it is withdrawn, or where a file lies at no address that the page asks. */
export function chooseListed(listed: ListedVersion): Choice | null {
  const { model: name, weights, tokenizer, revoked } = listed;
  const sources = [listedRequest("model", weights)];
  if (tokenizer) sources.push(listedRequest("tokenizer", tokenizer));
  if (revoked !== null || !sources.every((each) => each !== null)) return null;
  return { name, entry: null, listed, request: { sources } };
}

function listedRequest(role: Role, file: ListedFile): FileRequest | null {
  const { sha256, sha3_256, size } = file;
  const source = placeOf(file);
  return source && { role, source, pinned: null, listed: { sha256, sha3_256, size } };
}

function placeOf({ name, sha256, urls, chunks }: ListedFile): ModelSource | null {
  if (chunks.length > 0) return { kind: "stored", sha256, name };
  const url = urls.find(isAskable);
  return url === undefined ? null : { kind: "url", url, name };
}

/** Whether an address of the registry is one with https, or relative to the site and below it. */
export function isAskable(url: string): boolean {
  return url.startsWith("https://") ? URL.canParse(url) : !/^[/\\]|:/.test(url);
}

/** Where the weights come from, as the end of a sentence. */
export function whereFrom({ weights }: ListedVersion): string {
  if (weights.chunks.length > 0) return "its bytes on the chain itself";
  const url = weights.urls.find(isAskable);
  if (url === undefined) return "at no address";
  return url.startsWith("https:") ? `from ${new URL(url).host}` : "from this site";
}

/** What the registry is asked about a choice; null for a file of the person's own. */
export function lookupOf({ entry, listed }: Choice): RegistryLookup | null {
  const name = entry?.id ?? listed?.model;
  const model = entry?.model ?? listed?.weights;
  if (name === undefined || !model || model.sha256 === null || entry?.parts.length) return null; // it knows single files, by SHA-256
  const tokenizer = (entry ?? listed)?.tokenizer?.sha256 ?? null;
  return { name, model: model.sha256, tokenizer };
}

/** A source of the person's own model, for which nobody vouches. */
export function own(role: Role, source: ModelSource): FileRequest {
  return { role, source, pinned: null };
}

/** A file of the person's own. */
export function ownFile(role: Role, file: File): FileRequest {
  return own(role, { kind: "file", file });
}

/** A model of the person's own, from wherever it is; of several files the engine takes those that are one model. */
export function chooseOwn(sources: [FileRequest, ...FileRequest[]]): Choice {
  return { name: sourceName(sources[0].source), entry: null, listed: null, request: { sources } };
}

/** A file that this browser kept after it was accepted once; nobody vouches for it today either. */
export function chooseStored({ sha256, name }: StoredModel): Choice {
  return { ...chooseOwn([own("model", { kind: "stored", sha256, name })]), name };
}

/**
 * The model that wrote a take: the entry of the site's list with its bytes, else the address that they came from.
 * Null where it came from a file of the person's own, which only the person can choose again.
 */
export function chooseWriter(model: StoryModel, catalogue: readonly CatalogueModel[]): Choice | null {
  const entry = catalogue.find((each) => each.model.sha256 === model.sha256);
  if (entry) return chooseEntry(entry);
  if (model.address === null || model.tokenizerSha256 !== null) return null;
  return { ...chooseOwn([own("model", { kind: "url", url: model.address })]), name: model.name };
}

/** The SHA-256 by which a choice is known before it is opened; null where nobody says it. */
export function digestOf({ entry, listed }: Choice): string | null {
  return (entry?.model ?? listed?.weights)?.sha256 ?? null;
}

/** Where the first file of a role is; undefined where the request has none. */
export function sourceOf({ sources }: OpenRequest, role: Role): ModelSource | undefined {
  return sources.find((each) => each.role === role)?.source;
}

export function sourceName(source: ModelSource): string {
  if (source.kind === "file") return source.file.name;
  if (source.kind === "stored") return source.name ?? "A file kept in this browser";
  const path = URL.canParse(source.url) ? new URL(source.url).pathname : "";
  return source.name ?? path.split("/").filter(Boolean).pop() ?? source.url;
}
