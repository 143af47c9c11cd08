// SPDX-License-Identifier: Apache-2.0
/**
 * Timers for what ends when it takes too long, on devices that sleep.
 *
 * In: the time in parts, and what to call once it is over. Out: a function that calls it off. One timer follows the
 * other: a timer that ran out while the device slept is called as soon as it wakes, before anything else had a moment,
 * and so a sleep takes one part at most.
 */

/** Calls `over` after all the parts, in milliseconds. */
export function inTurn(parts: readonly number[], over: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const next = (index: number): void => {
    const part = parts[index];
    if (part === undefined) over();
    else timer = setTimeout(() => next(index + 1), part);
  };
  next(0);
  return () => clearTimeout(timer);
}

/** Four equal parts: for work that needs a small part of the time only, of which even several sleeps leave enough. */
export function quarters(ms: number): number[] {
  return Array.from({ length: 4 }, () => ms / 4);
}
