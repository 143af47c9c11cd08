/**
 * Notices that a worker is gone: browsers end one without a word, for example when memory is short.
 *
 * In: word of every message, and whether an answer is still owed. Out: a question to a worker that has been silent for
 * long, and a call of `gone` when that is not answered either. Two timers in turn, so that a device that was asleep gives
 * its worker time to answer.
 */

/** Milliseconds of silence after which the worker is asked. */
export const QUIET_MS = 15_000;
/** Milliseconds that it has for an answer: preparing a large model takes long, and nothing is answered meanwhile. */
export const ANSWER_MS = 60_000;

export class Watchdog {
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly ask: () => void,
    private readonly gone: () => void,
  ) {}

  /** Something was heard, or nothing is expected any more. */
  heard(owed: boolean): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (owed) this.expect();
  }

  /** From now on something is expected. */
  expect(): void {
    this.timer ??= setTimeout(() => {
      this.ask();
      this.timer = setTimeout(this.gone, ANSWER_MS);
    }, QUIET_MS);
  }
}
