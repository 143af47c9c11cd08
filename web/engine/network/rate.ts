// SPDX-License-Identifier: Apache-2.0
/**
 * How fast bytes arrive, and for how long still.
 *
 * In: byte counts with the time at which they were reached. Out: bytes a second over the last seconds, and seconds left.
 */

const WINDOW_MS = 4000;

export class RateMeter {
  private samples: { at: number; bytes: number }[] = [];

  /** Takes the bytes reached at a time in milliseconds. */
  add(at: number, bytes: number): void {
    this.samples.push({ at, bytes });
    // One sample from before the window stays, so that the rate spans all of it.
    while (this.samples.length > 2 && at - (this.samples[1]?.at ?? at) >= WINDOW_MS) this.samples.shift();
  }

  /** Bytes a second; 0 until two moments are known. */
  get rate(): number {
    const first = this.samples[0];
    const last = this.samples.at(-1);
    if (!first || !last || last.at <= first.at) return 0;
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
  }

  /** Null where the rate or the total is not known. */
  secondsLeft(total: number | null): number | null {
    const last = this.samples.at(-1);
    if (total === null || !last || this.rate <= 0) return null;
    return Math.max(0, total - last.bytes) / this.rate;
  }
}
