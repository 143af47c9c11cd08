// SPDX-License-Identifier: Apache-2.0
/**
 * What the registry says of a model's files, read from the wallet's own chain.
 *
 * In: a way to ask the application there, and a model of the catalogue. Out: a RegistryAnswer for each file, in the shape
 * that Python judges. Refused, as an error and never as an answer: errors of GraphQL, anything of another shape, another
 * registry than the site's, and a copy that lacks changes. Questions carry their values as variables, never pasted in.
 */

import * as v from "valibot";
import type { RegistryAnswer, RegistryAnswers } from "../../engine/protocol";
import { count, digest, flag, list, object, text, words } from "../../shared/json";
import { chainError } from "../errors";
import type { Network } from "../network";
import { dataOf, nextOf, page, type Ask } from "./answer";

/** Whether a model can be registered under this name: of no other the registry has any changes. */
export function isName(name: string): boolean {
  return name.length <= 64 && /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(name);
}

/** A model of the catalogue: the name that it is registered under, and the digests of its files. */
export interface RegistryLookup {
  name: string;
  model: string;
  tokenizer: string | null;
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

/** Of a file. */
export const REGISTERED = { role: text, size: count(), sha256: digest, sha3_256: digest };

/** Of a version; its release is another for each question. */
export const PUBLISHED = {
  /** The name that it is a version of. */
  model: text,
  number: count(),
  publisher: text,
  published: object({ height: count(0) }),
  revoked: v.nullable(object({ reason: words })),
};

/** A version with its block, and why it was revoked, in the place of what the chain has for them. */
export function flattened<T extends { published: { height: number }; revoked: { reason: string } | null }>(
  version: T,
) {
  const { published, revoked, ...rest } = version;
  return { ...rest, block: published.height, revoked: revoked && revoked.reason };
}

const Version = v.pipe(
  object({ ...PUBLISHED, release: object({ files: list(object(REGISTERED)) }) }),
  v.transform((version) => {
    const { release, ...rest } = flattened(version);
    return { ...rest, files: release.files };
  }),
);
type Version = v.InferOutput<typeof Version>;

/** How far a copy is: that of the whole registry, or that of one model that is watched. */
const COPY = {
  following: flag,
  /** Changes that are known here, of those that were announced. */
  copied: count(0),
  announced: count(0),
};
export type Standing = v.InferOutput<v.ObjectSchema<typeof COPY, undefined>>;

export const Registry = object({ application: text, homeChain: digest, isHome: flag, ...COPY });
type Registry = v.InferOutput<typeof Registry>;

/** A model of the registry: its own copy of it, where it is watched, and that of the whole registry. */
export const known = <M extends v.GenericSchema>(model: M) =>
  object({
    registry: Registry,
    watched: object({ ...COPY, model: v.nullable(model) }),
    model: v.nullable(model),
  });
export const Watched = object({ registry: Registry, watched: object(COPY) });

/** How far a copy on this chain is; refused where it is a copy of another registry than the site's. */
export function standingOf(registry: Registry, network: Network, copy: Standing = registry): Standing {
  const { homeChain, application, isHome } = registry;
  if (homeChain !== network.homeChain)
    throw chainError("wrong-network", `its registry's home is the chain ${homeChain}.`);
  if (application !== network.application)
    throw chainError("wrong-network", `its registry is the application ${application}.`);
  const { following, copied, announced } = copy;
  return { following: isHome || following, copied, announced };
}

/**
 * What is known of a name, null where it is known that there is no such name: its own copy says so, where that has heard
 * of anything, else the copy of the whole registry. Either has to be whole.
 */
export function knownModel<M>(
  data: { registry: Registry; watched: Standing & { model: M | null }; model: M | null },
  network: Network,
): M | null {
  const { registry, watched } = data;
  const own = standingOf(registry, network, watched);
  const [{ copied, announced }, model] =
    own.copied > 0 ? [own, watched.model] : [standingOf(registry, network), data.model];
  if (copied < announced || copied === 0)
    throw chainError("registry-incomplete", `${copied} of ${announced} are here.`);
  return model;
}

const Model = known(
  object({ latest: Version, latestUsable: v.nullable(Version), versions: page(Version, count()) }),
);

/** All versions of a model, the oldest first, and the one that is offered: the newest usable one, or the revoked newest. */
interface Published {
  versions: Version[];
  offered: Version;
}

/** What the registry has under a name; null where it has no such name. Every page of it must belong to a whole copy. */
async function published(ask: Ask, network: Network, name: string): Promise<Published | null> {
  const versions: Version[] = [];
  let after: number | null = null;
  for (;;) {
    const model = knownModel(dataOf(await ask(MODEL, { name, after }), Model), network);
    if (model === null) return null;
    versions.push(...model.versions.items);
    after = nextOf(model.versions.next, after, "model, versions");
    if (after === null) return { versions, offered: model.latestUsable ?? model.latest };
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
export function forEach(lookup: RegistryLookup, answer: RegistryAnswer): RegistryAnswers {
  return { model: answer, tokenizer: lookup.tokenizer === null ? null : answer };
}

export async function readModel(
  ask: Ask,
  network: Network,
  lookup: RegistryLookup,
): Promise<RegistryAnswers> {
  const found = await published(ask, network, lookup.name);
  if (!found) return forEach(lookup, noAnswer("unknown", "", network));
  const version = speaking(found, lookup.model);
  const tokenizer =
    lookup.tokenizer === null ? null : answerFor(version, "TOKENIZER", lookup.tokenizer, network);
  return { model: answerFor(version, "WEIGHTS", lookup.model, network), tokenizer };
}
