// SPDX-License-Identifier: Apache-2.0
/**
 * Saves something that changes fast: at once, then at most once in a while, and never misses the last change.
 *
 * In: word that something changed. Out: calls of `save`. `finish` forgets what is pending, for whoever saves the end itself.
 */
export class Autosave {
  private timer: ReturnType<typeof setTimeout> | null = null;
  private pending = false;

  constructor(
    private readonly save: () => void,
    private readonly milliseconds: number,
  ) {}

  changed(): void {
    if (this.timer !== null) {
      this.pending = true;
      return;
    }
    this.save();
    this.timer = setTimeout(() => {
      this.timer = null;
      if (!this.pending) return;
      this.pending = false;
      this.changed();
    }, this.milliseconds);
  }

  finish(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.pending = false;
  }
}
