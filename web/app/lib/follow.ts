// SPDX-License-Identifier: Apache-2.0
/** Keeps the place where is written in sight, for a reader who stays with it. In: that place's foot. Out: the page scrolled. */

/** Room to keep between the pen and the foot of the window, and how far a reader may have strayed from it. */
const FOOT = 150;
const STRAYED = 170;

export class Following {
  private begun = false;

  /** @param bottom of the pen, from the top of the window. */
  follow(bottom: number): void {
    const below = bottom - innerHeight;
    if (below > -FOOT && (below < STRAYED || !this.begun)) scrollBy(0, below + FOOT);
    this.begun = true;
  }

  /** The next pen is brought into sight wherever it is. */
  rest(): void {
    this.begun = false;
  }
}
