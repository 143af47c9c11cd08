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
/** A copy that has not grown for so long is taken for whole: what was changed between two visits arrives by then. */
const STILL_MS = 450;
/** How long the first change may take after the subscription; a registry without any model never sends one. */
const FIRST_MS = 10_000;

const pauseFor = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @param pause waits; for tests. */
export async function follow(ask: Ask, network: Network, pause = pauseFor): Promise<Standing> {
  const look = async (): Promise<Standing> => readStanding(dataOf(await ask(STANDING, {})), network);
  let standing = await look();
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
    if (standing.copied > 0 && still >= STILL_MS) break;
  }
  return standing;
}
