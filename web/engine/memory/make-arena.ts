// SPDX-License-Identifier: Apache-2.0
/**
 * The arena with as many threads as there can be here.
 *
 * In: the address of the site, and the way to the page for helpers. Out: an arena, and why it has one thread only where the device has more cores. Threads
 * that cannot be had are never a failure; kernels that cannot be fetched are (kernels.ts).
 */

import { Arena } from "./arena";
import { compileKernels } from "./kernels";
import { threadsOfDevice, whyNotShared, type HelperLink } from "./team";

export interface MadeArena {
  arena: Arena;
  /** Null where there are as many threads as the device should use. */
  reason: string | null;
}

export async function makeArena(base: string, link: HelperLink): Promise<MadeArena> {
  const threads = threadsOfDevice();
  let reason = threads > 1 ? whyNotShared() : null;
  if (threads > 1 && reason === null) {
    try {
      const arena = new Arena(await compileKernels(base, true));
      return { arena, reason: await arena.gather(threads, link) };
    } catch (thrown) {
      reason = String(thrown);
    }
  }
  return { arena: new Arena(await compileKernels(base)), reason };
}
