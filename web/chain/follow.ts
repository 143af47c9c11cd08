/**
 * Brings the registry's changes to the wallet's chain.
 *
 * In: a way to ask the application there. Out: the standing of a copy that holds all that was announced and that has been
 * still for a moment. On the first visit the chain subscribes to the home chain's events; later ones are then copied as
 * they come.
 */

import { act, dataOf, readStanding, STANDING, type Ask, type Standing } from "./registry";
import type { Network } from "./network";

const LOOK_MS = 150;
/** An earlier visit's copy is taken for whole when it has not grown for so long: what was changed since arrives by then. */
const STILL_MS = 450;
/** How long the first change may take after the subscription; a registry without any model never sends one. */
const FIRST_MS = 10_000;

const pauseFor = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @param pause waits; for tests. */
export async function follow(ask: Ask, network: Network, pause = pauseFor): Promise<Standing> {
  const look = async (): Promise<Standing> => readStanding(dataOf(await ask(STANDING, {})), network);
  let standing = await look();
  // A new subscription brings what there is in one go; news since the last visit may take a moment to begin to come.
  const needed = standing.following ? STILL_MS : LOOK_MS;
  if (!standing.following) await act(ask, "mutation { follow }");
  let still = 0;
  for (let waited = 0; waited < FIRST_MS; waited += LOOK_MS) {
    await pause(LOOK_MS);
    const before = standing.copied;
    standing = await look();
    if (standing.copied < standing.announced) {
      await act(ask, "mutation { catchUp }");
      still = 0;
    } else {
      still = standing.copied === before ? still + LOOK_MS : 0;
    }
    if (standing.copied > 0 && standing.copied >= standing.announced && still >= needed) break;
  }
  return standing;
}
