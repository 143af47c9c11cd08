// SPDX-License-Identifier: Apache-2.0
/** Waiting that the person can end. In: a promise and a signal. Out: its result, or, once the signal is aborted, `cancelled`. */

import { cancelled } from "../errors";

export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(cancelled());
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
