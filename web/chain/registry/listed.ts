// SPDX-License-Identifier: Apache-2.0
/**
 * The registry's models as somebody chooses among them, read from the wallet's own chain.
 *
 * In: a way to ask the application there. Out: page by page, by name, or by a file's digest, versions with all that it
 * takes to fetch them. Refused as in registry.ts: errors of GraphQL, another shape, another registry than the site's.
 * Nothing here vouches for a file: once it is fetched, the registry is asked about it under its name.
 */

import * as v from "valibot";
import type { Json } from "../../engine/protocol";
import { count, digest, list, object, text, words } from "../../shared/json";
import type { Network } from "../network";
import { dataOf, nextOf, page, type Ask } from "./answer";
import {
  flattened,
  known,
  knownModel,
  PUBLISHED,
  Registry,
  REGISTERED,
  REGISTRY,
  standingOf,
} from "./registry";

/** A part of a file that is stored on the network itself. */
const Chunk = object({
  /** Of the data blob. */
  hash: digest,
  size: count(),
});
export type Chunk = v.InferOutput<typeof Chunk>;

const ListedFile = object({
  ...REGISTERED,
  name: text,
  /** With https, or relative to the site. */
  urls: list(words),
  /** In order; none for a file that is not on chain. */
  chunks: list(Chunk),
});
export type ListedFile = v.InferOutput<typeof ListedFile>;

export const ListedVersion = v.pipe(
  object({
    ...PUBLISHED,
    release: object({
      description: words,
      licence: text,
      architecture: text,
      format: text,
      files: list(ListedFile),
    }),
  }),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const { release, ...version } = flattened(dataset.value);
    const weights = release.files.find(({ role }) => role === "WEIGHTS");
    /** In a file of its own. */
    const tokenizer = release.files.find(({ role }) => role === "TOKENIZER") ?? null;
    if (weights) return { ...version, ...release, weights, tokenizer };
    addIssue({ message: "has no weights" });
    return NEVER;
  }),
);
export type ListedVersion = v.InferOutput<typeof ListedVersion>;

export interface ListedPage {
  versions: ListedVersion[];
  /** What follows this name comes next; null at the end. */
  next: string | null;
}

/** The version that a model offers: its newest usable one, or the revoked newest. */
const Offered = v.pipe(
  object({ latest: ListedVersion, latestUsable: v.nullable(ListedVersion) }),
  v.transform(({ latest, latestUsable }) => latestUsable ?? latest),
);

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

const Models = object({ registry: Registry, models: page(Offered, text) });
const Model = known(Offered);
const Versions = object({ registry: Registry, version: page(ListedVersion, count()) });

/** Some models, each by the version that it offers. */
export async function listModels(
  ask: Ask,
  network: Network,
  after: string | null,
  first: number,
): Promise<ListedPage> {
  const { registry, models } = dataOf(await ask(MODELS, { after, first }), Models);
  standingOf(registry, network);
  return { versions: models.items, next: models.next };
}

/** The version that a model offers; null where the registry has no such name. */
export async function findModel(ask: Ask, network: Network, name: string): Promise<ListedVersion | null> {
  return knownModel(dataOf(await ask(MODEL, { name }), Model), network);
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
    const variables: { [key: string]: Json } = { digest: wanted.model, after };
    const { registry, version: found } = dataOf(await ask(BY_DIGEST, variables), Versions);
    standingOf(registry, network);
    for (const version of found.items) {
      if (version.weights.sha256 !== wanted.model) continue;
      if (wanted.tokenizer !== null && version.tokenizer?.sha256 !== wanted.tokenizer) continue;
      if (version.revoked === null) return version;
      revoked ??= version;
    }
    after = nextOf(found.next, after, "version");
  } while (after !== null);
  return revoked;
}
