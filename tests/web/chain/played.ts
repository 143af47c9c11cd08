// SPDX-License-Identifier: Apache-2.0
/** A played registry: what the application on the wallet's chain would answer. The real one is asked by tests/chain. */
import type { Json } from "../../../web/engine/protocol";
import type { Network } from "../../../web/chain/network";
import type { RegistryLookup } from "../../../web/chain/registry/registry";

export const NETWORK: Network = {
  faucet: "http://localhost:8079/",
  homeChain: "a".repeat(64),
  application: "b".repeat(64),
};
export const WEIGHTS = "1".repeat(64);
export const WORDS = "2".repeat(64);
export const PUBLISHER = `0x${"9".repeat(40)}`;
export const ASKED: RegistryLookup = { name: "tiny", model: WEIGHTS, tokenizer: WORDS };

type Fields = { [key: string]: Json };

export function file(role: string, sha256: string): Fields {
  return { role, size: 80, sha256, sha3_256: "3".repeat(64) };
}

export function version(number: number, change: Fields = {}): Fields {
  return {
    model: "tiny",
    number,
    publisher: PUBLISHER,
    published: { height: 10 + number },
    revoked: null,
    release: { files: [file("WEIGHTS", WEIGHTS), file("TOKENIZER", WORDS)] },
    ...change,
  };
}

export function registry(change: Fields = {}): Fields {
  const { homeChain, application } = NETWORK;
  return { application, homeChain, isHome: false, following: true, copied: 3, announced: 3, ...change };
}

/** A model of these versions, the oldest first. */
export function model(...versions: Fields[]): Fields {
  const usable = versions.filter((one) => one.revoked === null);
  const items: Json = versions;
  return { latest: versions.at(-1)!, latestUsable: usable.at(-1) ?? null, versions: { items, next: null } };
}

/** The copy of one model; of none, where nobody watches it. */
export function watched(model: Json = null, change: Fields = {}): Fields {
  const copied = model === null ? 0 : 3;
  return { following: model !== null, copied, announced: copied, model, ...change };
}

export function answer(change: Fields = {}): string {
  const data = { registry: registry(), watched: watched(), model: model(version(1)), ...change };
  return JSON.stringify({ data });
}

/** The variables that a question carries and does not declare: they never reach the application, and nobody says so. */
export function undeclared(query: string, variables: Fields): string[] {
  const declared = [...query.matchAll(/\$(\w+):/g)].map(([, name]) => name);
  return Object.keys(variables).filter((name) => !declared.includes(name));
}
