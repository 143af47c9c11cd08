// SPDX-License-Identifier: Apache-2.0
/**
 * What a publisher asks of the registry, and how it is seen to arrive there.
 *
 * In: a way to ask the application on the wallet's chain, and the account that signs. Out: orders, which go to the home
 * chain as messages; what became of them; the registry's changes; a model with all its versions. Refused: what the
 * application refuses, in its words, and answers of another shape or of another registry, as registry.ts does.
 */

import type { Json } from "../../engine/protocol";
import { Shape, type Fields } from "../../shared/shape";
import { chainError } from "../errors";
import type { Network } from "../network";
import { LISTED_VERSION, nextOf, readListed, type ListedFile, type ListedVersion } from "./listed";
import { act, dataOf, readStanding, type Ask } from "./registry";

export interface Release {
  description: string;
  licence: string;
  architecture: string;
  format: string;
  /** In tokens. */
  contextLength: number;
  files: ListedFile[];
}

export type RequestKind = "PUBLISH" | "REVOKE" | "TRANSFER_NAME";
export type RequestStatus = "PENDING" | "ACCEPTED" | "REFUSED";

/** Something that the wallet's chain asked of the home chain. */
export interface Request {
  number: number;
  kind: RequestKind;
  name: string;
  by: string;
  status: RequestStatus;
  /** Why it was refused, else null. */
  reason: string | null;
  /** The home chain's block that answered; null while there is none. */
  block: number | null;
}

export type ChangeKind = "PUBLISHED" | "REVOKED" | "TRANSFERRED";

export interface Change {
  index: number;
  model: string;
  by: string;
  /** The home chain's. */
  block: number;
  /** In milliseconds since 1970. */
  time: number;
  kind: ChangeKind;
  /** Of what was published or revoked, else null. */
  version: number | null;
  reason: string | null;
  newOwner: string | null;
}

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

const REQUEST_KINDS: readonly string[] = ["PUBLISH", "REVOKE", "TRANSFER_NAME"] satisfies RequestKind[];
const STATUSES: readonly string[] = ["PENDING", "ACCEPTED", "REFUSED"] satisfies RequestStatus[];
const CHANGE_KINDS: readonly string[] = ["PUBLISHED", "REVOKED", "TRANSFERRED"] satisfies ChangeKind[];

const wrong = (where: string, what: string): Error => chainError("registry-invalid", `${where} ${what}.`);
const shape = new Shape(wrong);

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
    const page = shape.fields(dataOf(await ask(REQUESTS, { after: from })).requests, "requests");
    for (const item of shape.list(page, "items", "requests")) {
      const request = readRequest(item, `request ${after + requests.length + 1}`);
      if (request) requests.push(request);
    }
    from = nextOf(page, from, "requests");
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
  const data = dataOf(await ask(CHANGES, { after }));
  const { copied: known } = readStanding(data, network);
  const items = shape.list(shape.fields(data.changes, "changes"), "items", "changes");
  if (items.length === 0 && after < known) throw wrong("changes", "end too early");
  return { changes: items.map((item, i) => readChange(item, after + i)), known };
}

/** A model with all its versions; null where the registry has no such name. */
export async function readOwned(ask: Ask, network: Network, name: string): Promise<OwnedModel | null> {
  const versions: ListedVersion[] = [];
  for (let after: number | null = null; ;) {
    const data = dataOf(await ask(MODEL, { name, after }));
    readStanding(data, network);
    if (data.model === null) return null;
    const model = shape.fields(data.model, "model");
    const page = shape.fields(model.versions, "model, versions");
    for (const item of shape.list(page, "items", "model, versions")) {
      versions.push(readListed(item, `version ${versions.length + 1}`));
    }
    after = nextOf(page, after, "model, versions");
    if (after === null) return { name, owner: shape.text(model, "owner", "model"), versions };
  }
}

/** Null for what is asked of another chain than the registry's. */
function readRequest(value: Json, where: string): Request | null {
  const from = shape.fields(value, where);
  if (from.kind === "CLAIM") return null;
  const answered = from.answered === null ? null : shape.fields(from.answered, where);
  return {
    number: shape.count(from, "number", where),
    kind: oneOf<RequestKind>(REQUEST_KINDS, from, "kind", where),
    name: shape.text(from, "name", where),
    by: shape.text(from, "by", where),
    status: oneOf<RequestStatus>(STATUSES, from, "status", where),
    reason: textOrNull(from, "reason", where),
    block: answered && shape.count(answered, "height", where, 0),
  };
}

function readChange(value: Json, index: number): Change {
  const where = `change ${index}`;
  const from = shape.fields(value, where);
  if (shape.count(from, "index", where, 0) !== index) throw wrong(where, "is out of its place");
  const at = shape.fields(from.at, where);
  return {
    index,
    model: shape.text(from, "model", where),
    by: shape.text(from, "by", where),
    block: shape.count(at, "height", where, 0),
    time: shape.count(at, "timestamp", where, 0) / 1000,
    kind: oneOf<ChangeKind>(CHANGE_KINDS, from, "kind", where),
    version: from.version === null ? null : shape.count(from, "version", where),
    reason: textOrNull(from, "reason", where),
    newOwner: textOrNull(from, "newOwner", where),
  };
}

function oneOf<T extends string>(known: readonly string[], from: Fields, key: string, where: string): T {
  const value = shape.text(from, key, where);
  if (known.includes(value)) return value as T;
  throw wrong(`${where}, field "${key}",`, "is unknown");
}

function textOrNull(from: Fields, key: string, where: string): string | null {
  return from[key] === null ? null : shape.text(from, key, where);
}
