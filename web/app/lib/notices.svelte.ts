// SPDX-License-Identifier: Apache-2.0
/**
 * What the page has to tell: one notice at a time that stays until it is answered, one polite status line, and what
 * became of the last Stop.
 *
 * In: errors and short sentences. Out: state that NoticeCard, DeskPage and App show. An error that is not an
 * EngineError is a fault of this program; it too becomes a sentence, with its cause kept in the details.
 */

import { EngineError, toEngineError } from "../../engine/errors";

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
  /** What the last Stop left, until something else is begun. */
  stopped = $state<string | null>(null);

  /** Shows an error, in place of any before it. */
  fail(thrown: unknown, action: NoticeAction | null = null): void {
    const error = toEngineError(thrown, "unexpected", UNEXPECTED);
    if (WISHED.has(error.code)) {
      this.stop(error.message);
      return;
    }
    this.stopped = null;
    this.current = { error, action };
    this.say(error.message);
  }

  dismiss(): void {
    this.current = null;
    this.stopped = null;
  }

  /** Says that something was stopped, to eyes and screen readers alike. */
  stop(sentence: string): void {
    this.stopped = sentence;
    this.say(sentence);
  }

  /** Tells screen readers something in passing that others see happen. */
  say(sentence: string): void {
    this.status = sentence;
  }
}
