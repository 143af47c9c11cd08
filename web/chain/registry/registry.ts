// SPDX-License-Identifier: Apache-2.0
/**
 * What the registry says of a model's files, read from the wallet's own chain.
 *
 * In: a way to ask the application there, and a model of the catalogue. Out: a RegistryAnswer for each file, in the shape
 * that Python judges. Refused, as an error and never as an answer: errors of GraphQL, anything of another shape, another
 * registry than the site's, and a copy that lacks changes. Questions carry their values as variables, never pasted in.
 */

import type { Json, RegistryAnswer, RegistryAnswers } from "../../engine/protocol";
import { Shape, type Fields } from "../../shared/shape";
import { chainError } from "../errors";
import type { Network } from "../network";

/** Asks the application on the wallet's chain; gives its answer as text. */
export type Ask = (query: string, variables: { [key: string]: Json }) => Promise<string>;

/** Whether a model can be registered under this name: of no other the registry has any changes. */
export function isName(name: string): boolean {
  return name.length <= 64 && /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(name);
}

/** A model of the catalogue: the name that it is registered under, and the digests of its files. */
export interface Asked {
  name: string;
  model: string;
  tokenizer: string | null;
}

/** How far a copy is: that of the whole registry, or that of one model that is watched. */
export interface Standing {
  following: boolean;
  /** Changes that are known here, of those that were announced. */
  copied: number;
  announced: number;
}

export interface RegisteredFile {
  role: string;
  size: number;
  sha256: string;
  sha3_256: string;
}

export interface Version {
  /** The name that it is a version of. */
  model: string;
  number: number;
  publisher: string;
  block: number;
  revoked: string | null;
  files: RegisteredFile[];
}

const VERSION = `model number publisher published { height } revoked { reason }
  release { files { role size sha256 sha3_256 } }`;

export const REGISTRY = "registry { application homeChain isHome following copied announced }";

/** Whatever is known of a name: its own copy has it, or that of the whole registry. */
export const MODEL = `query($name: String!, $after: Int) {
  ${REGISTRY}
  watched(name: $name) { following copied announced model { ...Versions } }
  model(name: $name) { ...Versions }
}
fragment Versions on Model {
  latest { ${VERSION} }
  latestUsable { ${VERSION} }
  versions(after: $after, first: 100) { items { ${VERSION} } next }
}`;

const wrong = (where: string, what: string): Error => chainError("registry-invalid", `${where} ${what}.`);
const shape = new Shape(wrong);

/** An answer whose errors were thrown; the application's own code for the first of them is the cause. */
function withoutErrors(json: string, refused: "registry-refused" | "chain-refused"): Fields {
  const answer = shape.fields(shape.decode(json, "it"), "it");
  if (answer.errors !== undefined && answer.errors !== null) {
    const first = shape.fields(shape.list(answer, "errors", "it")[0], "its first error");
    const { code = null } = first.extensions ? shape.fields(first.extensions, "its first error") : {};
    throw chainError(refused, shape.text(first, "message", "its first error"), code);
  }
  return answer;
}

/** The data of an answer; its errors thrown. */
export function dataOf(json: string): Fields {
  return shape.fields(withoutErrors(json, "registry-refused").data, "its data");
}

/** Has the wallet's chain make a block with one operation. What it gives back says no more than that it was made. */
export async function act(
  ask: Ask,
  mutation: string,
  variables: { [key: string]: Json } = {},
): Promise<void> {
  withoutErrors(await ask(mutation, variables), "chain-refused");
}

/** How far a copy on this chain is; refused where it is a copy of another registry than the site's. */
export function readStanding(
  data: Fields,
  network: Network,
  of: "registry" | "watched" = "registry",
): Standing {
  const registry = shape.fields(data.registry, "registry");
  checkHome(registry, network);
  const from = shape.fields(data[of], of);
  return {
    following: shape.flag(registry, "isHome", "registry") || shape.flag(from, "following", of),
    copied: shape.count(from, "copied", of, 0),
    announced: shape.count(from, "announced", of, 0),
  };
}

function checkHome(from: Fields, network: Network): void {
  const home = shape.digest(from, "homeChain", "registry");
  const application = shape.text(from, "application", "registry");
  if (home !== network.homeChain)
    throw chainError("wrong-network", `its registry's home is the chain ${home}.`);
  if (application !== network.application) {
    throw chainError("wrong-network", `its registry is the application ${application}.`);
  }
}

export function readVersion(value: Json | undefined, where: string): Version {
  const from = shape.fields(value, where);
  const files = shape.list(shape.fields(from.release, `${where}, release`), "files", where);
  const revoked = from.revoked === null ? null : shape.fields(from.revoked, `${where}, revoked`).reason;
  if (revoked !== null && typeof revoked !== "string") throw wrong(`${where}, revoked`, "has no reason");
  return {
    model: shape.text(from, "model", where),
    number: shape.count(from, "number", where),
    publisher: shape.text(from, "publisher", where),
    block: shape.count(shape.fields(from.published, `${where}, published`), "height", where, 0),
    revoked,
    files: files.map((file, i) => readFile(file, `${where}, file ${i + 1}`)),
  };
}

export function readFile(value: Json, where: string): RegisteredFile {
  const from = shape.fields(value, where);
  return {
    role: shape.text(from, "role", where),
    size: shape.count(from, "size", where),
    sha256: shape.digest(from, "sha256", where),
    sha3_256: shape.digest(from, "sha3_256", where),
  };
}

/** All versions of a model, the oldest first, and the one that is offered: the newest usable one, or the revoked newest. */
interface Published {
  versions: Version[];
  offered: Version;
}

/**
 * What is known of a name, null where it is known that there is no such name: its own copy says so, where that has heard
 * of anything, else the copy of the whole registry. Either has to be whole.
 */
export function readKnown(data: Fields, network: Network): Fields | null {
  const own = readStanding(data, network, "watched");
  const ownModel = shape.fields(data.watched, "watched").model;
  const [{ copied, announced }, model] =
    own.copied > 0 ? [own, ownModel] : [readStanding(data, network), data.model];
  if (copied < announced || copied === 0)
    throw chainError("registry-incomplete", `${copied} of ${announced} are here.`);
  return model === null ? null : shape.fields(model, "model");
}

/** What the registry has under a name; null where it has no such name. Every page of it must belong to a whole copy. */
async function published(ask: Ask, network: Network, name: string): Promise<Published | null> {
  const versions: Version[] = [];
  let after: number | null = null;
  for (;;) {
    const model = readKnown(dataOf(await ask(MODEL, { name, after })), network);
    if (model === null) return null;
    const latest = readVersion(model.latest, "model, latest");
    const usable =
      model.latestUsable === null ? null : readVersion(model.latestUsable, "model, latestUsable");
    const page = shape.fields(model.versions, "model, versions");
    for (const item of shape.list(page, "items", "model, versions")) {
      versions.push(readVersion(item, `model, version ${versions.length + 1}`));
    }
    if (page.next === null) return { versions, offered: usable ?? latest };
    const next = shape.count(page, "next", "model, versions");
    if (after !== null && next <= after) throw wrong("model, versions", "lead round in a circle");
    after = next;
  }
}

/**
 * The version that speaks for a file: the newest unrevoked one with this very file; else the revoked one with it; else the
 * one that is offered, whose digest the file then lacks. Only versions of the name count: under a name of his own anybody
 * can register any file.
 */
function speaking({ versions, offered }: Published, sha256: string): Version {
  const own = versions.filter(({ files }) => files.some((file) => file.sha256 === sha256)).reverse();
  return own.find((version) => version.revoked === null) ?? own[0] ?? offered;
}

function answerFor(version: Version, role: string, sha256: string, network: Network): RegistryAnswer {
  const files = version.files.filter((file) => file.role === role);
  const file = files.find((one) => one.sha256 === sha256) ?? files[0];
  const { sha3_256, size } = file ?? { sha3_256: null, size: null };
  return {
    status: version.revoked !== null ? "revoked" : file ? "registered" : "unknown",
    expected: file ? { sha256: file.sha256, sha3_256, size } : null,
    model: version.model,
    version: version.number,
    publisher: version.publisher,
    chain: network.homeChain,
    application: network.application,
    block: version.block,
    as_of: null,
    reason: version.revoked ?? "",
  };
}

/** An answer that vouches for nothing, and says why. */
export function noAnswer(
  status: "unknown" | "unreachable",
  reason: string,
  network: Network,
): RegistryAnswer {
  const { homeChain: chain, application } = network;
  const nobody = { expected: null, model: "", version: null, publisher: "", block: null, as_of: null };
  return { status, ...nobody, chain, application, reason };
}

/** Both answers made from one. */
export function forEach(asked: Asked, answer: RegistryAnswer): RegistryAnswers {
  return { model: answer, tokenizer: asked.tokenizer === null ? null : answer };
}

export async function readModel(ask: Ask, network: Network, asked: Asked): Promise<RegistryAnswers> {
  const found = await published(ask, network, asked.name);
  if (!found) return forEach(asked, noAnswer("unknown", "", network));
  const version = speaking(found, asked.model);
  const tokenizer =
    asked.tokenizer === null ? null : answerFor(version, "TOKENIZER", asked.tokenizer, network);
  return { model: answerFor(version, "WEIGHTS", asked.model, network), tokenizer };
}
