// SPDX-License-Identifier: Apache-2.0
/**
 * What a publisher asks of the registry, and how it is seen to arrive there.
 *
 * In: a way to ask the application on the wallet's chain, and the account that signs. Out: orders, which go to the home
 * chain as messages; what became of them; the registry's changes; a model with all its versions. Refused: what the
 * application refuses, in its words, and answers of another shape or of another registry, as registry.ts does.
 */

import * as v from "valibot";
import { anything, count, list, object, oneOf, read, text } from "../../shared/json";
import type { Network } from "../network";
import { act, dataOf, nextOf, page, wrong, type Ask } from "./answer";
import { LISTED_VERSION, ListedVersion, type ListedFile } from "./listed";
import { Registry, standingOf } from "./registry";

export interface Release {
  description: string;
  licence: string;
  architecture: string;
  format: string;
  /** In tokens. */
  contextLength: number;
  files: ListedFile[];
}

/** Something that the wallet's chain asked of the home chain. */
const Request = v.pipe(
  object({
    number: count(),
    kind: oneOf("PUBLISH", "REVOKE", "TRANSFER_NAME"),
    name: text,
    by: text,
    status: oneOf("PENDING", "ACCEPTED", "REFUSED"),
    /** Why it was refused, else null. */
    reason: v.nullable(text),
    answered: v.nullable(object({ height: count(0) })),
  }),
  /** The home chain's block that answered; null while there is none. */
  v.transform(({ answered, ...request }) => ({ ...request, block: answered && answered.height })),
);
export type Request = v.InferOutput<typeof Request>;

const Change = v.pipe(
  object({
    index: count(0),
    model: text,
    by: text,
    at: object({ height: count(0), timestamp: count(0) }),
    kind: oneOf("PUBLISHED", "REVOKED", "TRANSFERRED"),
    /** Of what was published or revoked, else null. */
    version: v.nullable(count()),
    reason: v.nullable(text),
    newOwner: v.nullable(text),
  }),
  /** Its block is the home chain's; its time is in milliseconds since 1970. */
  v.transform(({ at, ...change }) => ({ ...change, block: at.height, time: at.timestamp / 1000 })),
);
export type Change = v.InferOutput<typeof Change>;

export interface OwnedModel {
  name: string;
  owner: string;
  /** The oldest first. */
  versions: ListedVersion[];
}

const REGISTRY = "registry { application homeChain isHome following copied announced }";

const PUBLISH = `mutation($name: String!, $release: ReleaseInput!, $by: AccountOwner) {
  publish(name: $name, release: $release, by: $by)
}`;
const REVOKE = `mutation($name: String!, $version: Int!, $reason: String!, $by: AccountOwner) {
  revoke(name: $name, version: $version, reason: $reason, by: $by)
}`;
const TRANSFER = `mutation($name: String!, $newOwner: AccountOwner!, $by: AccountOwner) {
  transferName(name: $name, newOwner: $newOwner, by: $by)
}`;

const REQUESTS = `query($after: Int) {
  requests(after: $after, first: 100) { items { number kind name by status reason answered { height } } next }
}`;
const CHANGES = `query($after: Int) {
  ${REGISTRY}
  changes(after: $after, first: 100) {
    items { index model by at { height timestamp } kind version reason newOwner }
  }
}`;
const MODEL = `query($name: String!, $after: Int) {
  ${REGISTRY}
  model(name: $name) { owner versions(after: $after, first: 100) { items { ${LISTED_VERSION} } next } }
}`;

/** Other chains are asked too, and otherwise: which request it is has to be seen first. */
const Requests = object({ requests: page(anything, count()) });
const Changes = object({ registry: Registry, changes: object({ items: list(Change) }) });
const Owned = object({
  registry: Registry,
  model: v.nullable(object({ owner: text, versions: page(ListedVersion, count()) })),
});

/** Asks for a new name, or for the next version of one's own. */
export function publish(ask: Ask, by: string, name: string, release: Release): Promise<void> {
  const files = release.files.map(({ role, name, size, sha256, sha3_256, urls, chunks }) => ({
    ...{ role, name, size, sha256, sha3_256, urls },
    chunks: chunks.map(({ hash, size }) => ({ hash, size })),
  }));
  return act(ask, PUBLISH, { name, release: { ...release, files }, by });
}

/** Asks that a version be withdrawn. */
export function revoke(ask: Ask, by: string, name: string, version: number, reason: string): Promise<void> {
  return act(ask, REVOKE, { name, version, reason, by });
}

/** Asks that a name be another account's. */
export function transferName(ask: Ask, by: string, name: string, newOwner: string): Promise<void> {
  return act(ask, TRANSFER, { name, newOwner, by });
}

/** What this chain asked of the registry, the oldest first; requests count from 1. @param after so many are known. */
export async function readRequests(ask: Ask, after: number): Promise<Request[]> {
  const requests: Request[] = [];
  for (let from: number | null = after; from !== null;) {
    const { items, next } = dataOf(await ask(REQUESTS, { after: from }), Requests).requests;
    for (const item of items.filter(({ kind }) => kind !== "CLAIM")) {
      requests.push(read(Request, item, `request ${after + requests.length + 1}`, wrong));
    }
    from = nextOf(next, from, "requests");
  }
  return requests;
}

/** Some of the registry's changes, the oldest first. */
export interface ChangePage {
  changes: Change[];
  /** How many there are in all, as far as they are known on this chain. */
  known: number;
}

/** @param after so many are passed over. */
export async function readChanges(ask: Ask, network: Network, after: number): Promise<ChangePage> {
  const data = dataOf(await ask(CHANGES, { after }), Changes);
  const { copied: known } = standingOf(data.registry, network);
  const changes = data.changes.items;
  if (changes.length === 0 && after < known) throw wrong("changes", "end too early");
  for (const [i, { index }] of changes.entries()) {
    if (index !== after + i) throw wrong(`change ${after + i}`, "is out of its place");
  }
  return { changes, known };
}

/** A model with all its versions; null where the registry has no such name. */
export async function readOwned(ask: Ask, network: Network, name: string): Promise<OwnedModel | null> {
  const versions: ListedVersion[] = [];
  for (let after: number | null = null; ;) {
    const { registry, model } = dataOf(await ask(MODEL, { name, after }), Owned);
    standingOf(registry, network);
    if (model === null) return null;
    versions.push(...model.versions.items);
    after = nextOf(model.versions.next, after, "model, versions");
    if (after === null) return { name, owner: model.owner, versions };
  }
}
