/**
 * Brings the registry's changes to the wallet's chain.
 *
 * In: a way to ask the application there. Out: the standing of a copy that holds all that the wallet has heard of. On the
 * first visit the chain subscribes to the home chain's events; later ones are then copied as they come.
 */

import { act, dataOf, readStanding, STANDING, type Ask, type Standing } from "./registry";
import type { Network } from "./network";

const FOLLOW = "mutation { follow }";
const LOOK_MS = 100;
/** On a later visit, how long there may be no news before there are none: what was changed since arrives by then. */
const NEWS_MS = 450;
/** How long the first change may take after the subscription; a registry without any model never sends one. */
const FIRST_MS = 10_000;

const pauseFor = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @param pause waits; for tests. */
export async function follow(ask: Ask, network: Network, pause = pauseFor): Promise<Standing> {
  const look = async (): Promise<Standing> => readStanding(dataOf(await ask(STANDING, {})), network);
  let standing = await look();
  const { following, copied } = standing;
  if (!following) await act(ask, FOLLOW);
  for (let waited = 0; waited < (following ? NEWS_MS : FIRST_MS); waited += LOOK_MS) {
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
    await act(ask, before < standing.announced ? "mutation { catchUp }" : FOLLOW);
    standing = await look();
  } while (standing.copied > before);
  return standing;
}

/** Copies what this chain was told of since: one block takes in only so many changes. */
export async function catchUp(ask: Ask, network: Network): Promise<void> {
  for (let before = -1; ;) {
    const { copied, announced } = readStanding(dataOf(await ask(STANDING, {})), network);
    if (copied >= announced || copied === before) return;
    before = copied;
    await act(ask, "mutation { catchUp }");
  }
}
