// SPDX-License-Identifier: Apache-2.0
/**
 * Brings the registry's changes to the wallet's chain: all of them, or those of one model that it watches.
 *
 * In: a way to ask the application there, and a model's name or null for all. Out: the standing of a copy that holds all
 * that the wallet has heard of. At first the chain subscribes to the home chain's events; later ones are then copied as
 * they come. A model's own are few, however large the registry is.
 */

import { EngineError } from "../../engine/errors";
import { object } from "../../shared/json";
import type { Network } from "../network";
import { act, dataOf, type Ask } from "./answer";
import { Registry, REGISTRY, standingOf, Watched, type Standing } from "./registry";

const LOOK_MS = 40;
/** On a later visit, how long there may be no news before there are none: what was changed since arrives by then. */
const NEWS_MS = 450;
/** How long the first change may take after the subscription; a registry without any model never sends one. */
const FIRST_MS = 10_000;
/** The same for one model's. Whether there is no model of this name, the whole registry has to tell. */
const FIRST_OF_MODEL_MS = 2500;

/** Changes that are asked for in one block; the application takes in as many of them as there is room for. */
const CHANGES = 256;

/** What is copied: how to see how far it is, to begin, and to have what was announced. */
interface Copying {
  look: () => Promise<Standing>;
  begin: () => Promise<void>;
  more: () => Promise<void>;
  firstMs: number;
}

const Whole = object({ registry: Registry });

const pauseFor = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

function copying(ask: Ask, network: Network, name: string | null): Copying {
  if (name === null) {
    const look = async (): Promise<Standing> =>
      standingOf(dataOf(await ask(`query { ${REGISTRY} }`, {}), Whole).registry, network);
    const begin = (): Promise<void> => act(ask, "mutation { follow }");
    const catchUp = (most: number): Promise<void> =>
      act(ask, "mutation($most: Int) { catchUp(most: $most) }", { most });
    return { look, begin, more: () => inParts(catchUp), firstMs: FIRST_MS };
  }
  const query = `query($name: String!) { ${REGISTRY} watched(name: $name) { following copied announced } }`;
  const look = async (): Promise<Standing> => {
    const { registry, watched } = dataOf(await ask(query, { name }), Watched);
    return standingOf(registry, network, watched);
  };
  const watch = (most: number): Promise<void> =>
    act(ask, "mutation($name: String!, $most: Int) { watch(name: $name, most: $most) }", { name, most });
  const some = (): Promise<void> => inParts(watch);
  return { look, begin: some, more: some, firstMs: FIRST_OF_MODEL_MS };
}

/** Takes in as many changes as a block can hold: where it would be too large, half as many are asked for. */
async function inParts(take: (most: number) => Promise<void>): Promise<void> {
  for (let most = CHANGES; ; most = Math.floor(most / 2)) {
    try {
      await take(most);
      return;
    } catch (thrown) {
      if (!(thrown instanceof EngineError) || thrown.code !== "block-too-large" || most === 1) throw thrown;
    }
  }
}

/** @param pause waits; for tests. */
export async function follow(
  ask: Ask,
  network: Network,
  name: string | null,
  pause = pauseFor,
): Promise<Standing> {
  const { look, begin, more, firstMs } = copying(ask, network, name);
  let standing = await look();
  const { following, copied } = standing;
  if (!following) await begin();
  for (let waited = 0; waited < (following ? NEWS_MS : firstMs); waited += LOOK_MS) {
    if (standing.copied > copied || standing.copied < standing.announced) break;
    await pause(LOOK_MS);
    standing = await look();
  }
  if (standing.copied === copied && standing.copied === standing.announced) return standing;
  // The first news may be the beginning only. A block of one's own takes in all that the wallet has heard of by then: the
  // one that brings nothing more is the last.
  let before: number;
  do {
    before = standing.copied;
    await (before < standing.announced ? more() : begin());
    standing = await look();
  } while (standing.copied > before);
  return standing;
}

/** Copies what this chain was told of since: one block takes in only so many changes. */
export async function catchUp(ask: Ask, network: Network, name: string | null): Promise<void> {
  const { look, more } = copying(ask, network, name);
  for (let before = -1; ;) {
    const { copied, announced } = await look();
    if (copied >= announced || copied === before) return;
    before = copied;
    await more();
  }
}
