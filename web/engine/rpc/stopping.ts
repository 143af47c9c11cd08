// SPDX-License-Identifier: Apache-2.0
/**
 * Ends what was stopped, if it does not end by itself.
 *
 * In: a request that the person stopped, or that has used up its time. Out: after a moment Python is interrupted where
 * memory is shared, again and again, because between two calls it drops the interrupt; after END_MS more the worker is
 * ended. Nothing that computes can withstand that.
 */

/** Milliseconds that a request has to end by itself: most do so in a tenth of that. */
export const PATIENCE_MS = 250;
/** Milliseconds that it has after it is interrupted. */
export const END_MS = 1000;
const AGAIN_MS = 100;
/** What the operating system's Ctrl+C is to Python. */
export const SIGINT = 2;

export class Stopping {
  private readonly timers: ReturnType<typeof setTimeout>[];
  private repeat: ReturnType<typeof setInterval> | undefined;

  /** @param patience milliseconds before the interrupt; longer where a step is known to take long. */
  constructor(
    private readonly interrupts: Uint8Array | null,
    endWorker: () => void,
    patience: number,
  ) {
    const begin = (): void => {
      this.say(SIGINT);
      this.repeat = setInterval(() => this.say(SIGINT), AGAIN_MS);
    };
    this.timers = [setTimeout(begin, patience), setTimeout(endWorker, patience + END_MS)];
  }

  /** The request has its answer, or the worker is gone. */
  done(): void {
    for (const timer of this.timers) clearTimeout(timer);
    clearInterval(this.repeat);
    this.say(0); // an interrupt that nobody took must not meet the next request
  }

  private say(signal: number): void {
    if (this.interrupts) Atomics.store(this.interrupts, 0, signal);
  }
}

/** Seconds that any file may take to parse and prepare, and seconds for each of its bytes: a hundred times what they do. */
const OPENING_SECONDS = 30;
const OPENING_SECONDS_A_BYTE = 1e-6;

/** How many seconds parsing and preparing a file of so many bytes may take. */
export function openingBudget(bytes: number): number {
  return Math.ceil(OPENING_SECONDS + bytes * OPENING_SECONDS_A_BYTE);
}
