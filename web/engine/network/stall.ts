// SPDX-License-Identifier: Apache-2.0
/**
 * Waiting for the network that ends when nothing comes any more.
 *
 * In: something that is awaited. Out: its result, or a call of `stalled` once nothing has come for STALL_MS. Only the
 * wait for a next byte is measured, never a whole transfer, so a slow connection is not taken for a dead one. After a
 * sleep of the device, or a long computation here, what has arrived meanwhile is taken first.
 */
import { inTurn } from "../in-turn";

/** Milliseconds without a byte after which a connection is dead. */
export const STALL_MS = 60_000;
/** Milliseconds for what has arrived but was not looked at yet. */
export const GRACE_MS = 1_000;

export async function unlessStalled<T>(awaited: Promise<T>, stalled: () => void): Promise<T> {
  const callOff = inTurn([STALL_MS, GRACE_MS], stalled);
  try {
    return await awaited;
  } finally {
    callOff();
  }
}

/** A fetch that is aborted, and its body with it, where no byte comes for STALL_MS. */
export async function watchedFetch(
  url: string | URL,
  init: RequestInit = {},
  fetcher: typeof fetch = fetch,
): Promise<Response> {
  const abort = new AbortController();
  const stalled = (): void => abort.abort(new Error(`no byte of ${String(url)} came for a minute`));
  const response = await unlessStalled(fetcher(url, { ...init, signal: abort.signal }), stalled);
  if (response.body) void watchBody(response.clone().body, stalled);
  return response;
}

/** Reads a second copy of a body, whose chunks nobody else needs, to see that they come. */
async function watchBody(body: ReadableStream<Uint8Array> | null, stalled: () => void): Promise<void> {
  const reader = body?.getReader();
  try {
    while (reader && !(await unlessStalled(reader.read(), stalled)).done);
  } catch {
    // Whoever reads the response itself meets the same error.
  }
}
