// SPDX-License-Identifier: Apache-2.0
/**
 * Collects text until the next frame of the screen, however fast it comes; a hidden page has no frames, and waits for none.
 *
 * In: pieces of text. Out: all that came since the last call, handed on once a frame.
 */
export class Frames {
  private waiting = "";
  private scheduled = false;

  constructor(private readonly show: (text: string) => void) {}

  add(text: string): void {
    this.waiting += text;
    if (typeof requestAnimationFrame === "undefined" || document.hidden) {
      this.flush();
      return;
    }
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.flush();
    });
  }

  /** Hands on at once what waits. */
  flush(): void {
    const { waiting } = this;
    this.waiting = "";
    if (waiting !== "") this.show(waiting);
  }

  forget(): void {
    this.waiting = "";
  }
}
