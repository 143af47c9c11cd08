// SPDX-License-Identifier: Apache-2.0
/**
 * Notices that a worker is gone: browsers end one without a word, for example when memory is short.
 *
 * In: the name of a lock that the worker holds as long as it lives. Out: a call of `gone` once the browser has taken the
 * lock from it. No clock is asked, so a worker that computes for long is never taken for a dead one; one that computes
 * for ever is ended by Stop. A browser without locks (a page without https) tells nothing.
 */

export class Watchdog {
  private readonly abort = new AbortController();
  private watching = false;

  constructor(
    readonly lock: string,
    private readonly gone: () => void,
  ) {}

  /** From the worker's first word of its start on: then it holds the lock. */
  watch(): void {
    const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
    if (this.watching || !locks) return;
    this.watching = true;
    const { signal } = this.abort;
    locks.request(this.lock, { signal }, () => this.gone()).catch(() => undefined); // nobody watches any more
  }

  end(): void {
    this.abort.abort();
  }
}
