// SPDX-License-Identifier: Apache-2.0
/**
 * The registry's models as somebody chooses among them, read from the wallet's own chain.
 *
 * In: a way to ask the application there. Out: page by page, by name, or by a file's digest, versions with all that it
 * takes to fetch them. Refused as in registry.ts: errors of GraphQL, another shape, another registry than the site's.
 * Nothing here vouches for a file: once it is fetched, the registry is asked about it under its name.
 */

import type { Json } from "../../engine/protocol";
import { Shape, type Fields } from "../../shared/shape";
import { chainError } from "../errors";
import type { Network } from "../network";
import {
  dataOf,
  readFile,
  readKnown,
  readStanding,
  REGISTRY,
  readVersion,
  type Ask,
  type RegisteredFile,
  type Version,
} from "./registry";

/** A part of a file that is stored on the network itself. */
export interface Chunk {
  /** Of the data blob. */
  hash: string;
  size: number;
}

export interface ListedFile extends RegisteredFile {
  name: string;
  /** With https, or relative to the site. */
  urls: string[];
  /** In order; none for a file that is not on chain. */
  chunks: Chunk[];
}

export interface ListedVersion extends Version {
  description: string;
  licence: string;
  architecture: string;
  format: string;
  weights: ListedFile;
  /** A tokenizer in a file of its own. */
  tokenizer: ListedFile | null;
}

export interface ListedPage {
  versions: ListedVersion[];
  /** What follows this name comes next; null at the end. */
  next: string | null;
}

/** All that is read of a version. */
export const LISTED_VERSION = `model number publisher published { height } revoked { reason }
  release { description licence architecture format files { role name size sha256 sha3_256 urls chunks { hash size } } }`;
const OFFERED = `latest { ${LISTED_VERSION} } latestUsable { ${LISTED_VERSION} }`;

const MODELS = `query($after: String, $first: Int) {
  ${REGISTRY} models(after: $after, first: $first) { items { ${OFFERED} } next }
}`;
const MODEL = `query($name: String!) {
  ${REGISTRY} watched(name: $name) { following copied announced model { ${OFFERED} } } model(name: $name) { ${OFFERED} }
}`;
const BY_DIGEST = `query($digest: Digest!, $after: Int) {
  ${REGISTRY} version(digest: $digest, after: $after, first: 100) { items { ${LISTED_VERSION} } next }
}`;

const wrong = (where: string, what: string): Error => chainError("registry-invalid", `${where} ${what}.`);
const shape = new Shape(wrong);

/** Some models, each by the version that it offers: its newest usable one, or the revoked newest. */
export async function listModels(
  ask: Ask,
  network: Network,
  after: string | null,
  first: number,
): Promise<ListedPage> {
  const data = await askRegistry(ask, network, MODELS, { after, first });
  const page = shape.fields(data.models, "models");
  const items = shape.list(page, "items", "models");
  const next = page.next === null ? null : shape.text(page, "next", "models");
  return { versions: items.map((item, i) => readOffered(item, `model ${i + 1}`)), next };
}

/** The version that a model offers; null where the registry has no such name. */
export async function findModel(ask: Ask, network: Network, name: string): Promise<ListedVersion | null> {
  const model = readKnown(dataOf(await ask(MODEL, { name })), network);
  return model === null ? null : readOffered(model, "model");
}

/**
 * A version of any model with these very files: the first that was registered and not revoked, else a revoked one, else
 * null.
 * @param wanted SHA-256 of the weights, and of the tokenizer where it has a file of its own.
 */
export async function findVersion(
  ask: Ask,
  network: Network,
  wanted: { model: string; tokenizer: string | null },
): Promise<ListedVersion | null> {
  let revoked: ListedVersion | null = null;
  let after: number | null = null;
  do {
    const data = await askRegistry(ask, network, BY_DIGEST, { digest: wanted.model, after });
    const page = shape.fields(data.version, "version");
    for (const [i, item] of shape.list(page, "items", "version").entries()) {
      const version = readListed(item, `version ${i + 1}`);
      if (version.weights.sha256 !== wanted.model) continue;
      if (wanted.tokenizer !== null && version.tokenizer?.sha256 !== wanted.tokenizer) continue;
      if (version.revoked === null) return version;
      revoked ??= version;
    }
    after = nextOf(page, after, "version");
  } while (after !== null);
  return revoked;
}

async function askRegistry(
  ask: Ask,
  network: Network,
  query: string,
  variables: { [key: string]: Json },
): Promise<Fields> {
  const data = dataOf(await ask(query, variables));
  readStanding(data, network);
  return data;
}

/** Where the next page of a list begins; null at its end. */
export function nextOf(page: Fields, after: number | null, where: string): number | null {
  if (page.next === null) return null;
  const next = shape.count(page, "next", where);
  if (after !== null && next <= after) throw wrong(where, "leads round in a circle");
  return next;
}

function readOffered(value: Json | undefined, where: string): ListedVersion {
  const from = shape.fields(value, where);
  return readListed(from.latestUsable ?? from.latest, where);
}

export function readListed(value: Json | undefined, where: string): ListedVersion {
  const version = readVersion(value, where);
  const release = shape.fields(shape.fields(value, where).release, where);
  const files = shape
    .list(release, "files", where)
    .map((file, i) => readListedFile(file, `${where}, file ${i + 1}`));
  const weights = files.find(({ role }) => role === "WEIGHTS");
  if (!weights) throw wrong(where, "has no weights");
  const { description } = release;
  if (typeof description !== "string") throw wrong(`${where}, field "description",`, "is not a text");
  return {
    ...version,
    description,
    licence: shape.text(release, "licence", where),
    architecture: shape.text(release, "architecture", where),
    format: shape.text(release, "format", where),
    weights,
    tokenizer: files.find(({ role }) => role === "TOKENIZER") ?? null,
  };
}

function readListedFile(value: Json, where: string): ListedFile {
  const from = shape.fields(value, where);
  return {
    ...readFile(value, where),
    name: shape.text(from, "name", where),
    urls: shape.list(from, "urls", where).map((url) => {
      if (typeof url !== "string") throw wrong(`${where}, field "urls",`, "has something that is not a text");
      return url;
    }),
    chunks: shape.list(from, "chunks", where).map((chunk, i) => readChunk(chunk, `${where}, chunk ${i + 1}`)),
  };
}

function readChunk(value: Json, where: string): Chunk {
  const from = shape.fields(value, where);
  return { hash: shape.digest(from, "hash", where), size: shape.count(from, "size", where) };
}
