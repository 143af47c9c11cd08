/**
 * What the page has to tell: one notice at a time that stays until it is answered, and one polite status line.
 *
 * In: errors and short sentences. Out: state that Notice.svelte and StatusLine.svelte show. An error that is not an
 * EngineError is a fault of this program; it too becomes a sentence, with its cause kept in the details.
 */

import { EngineError, toEngineError } from "../engine/errors";

export interface NoticeAction {
  label: string;
  run: () => void;
}

export interface Notice {
  error: EngineError;
  action: NoticeAction | null;
}

const UNEXPECTED =
  "Something went wrong that this page did not expect. Your stories are safe. Load the page again, and if it happens " +
  "once more, tell the people who make it, with the code below.";

/** What ends at the person's own wish is no error to tell of. */
const WISHED = new Set(["cancelled", "closed", "download-stopped"]);

export class Notices {
  current = $state.raw<Notice | null>(null);
  status = $state("");

  /** Shows an error, in place of any before it. */
  fail(thrown: unknown, action: NoticeAction | null = null): void {
    const error = toEngineError(thrown, "unexpected", UNEXPECTED);
    if (WISHED.has(error.code)) {
      this.say(error.message);
      return;
    }
    this.current = { error, action };
    this.say(error.message);
  }

  dismiss(): void {
    this.current = null;
  }

  /** Tells something in passing, to eyes and screen readers alike. */
  say(sentence: string): void {
    this.status = sentence;
  }
}
