// SPDX-License-Identifier: Apache-2.0
/**
 * What is copied of the registry to one wallet's chain: models that were asked about, and all of it once that is needed.
 *
 * In: a way to ask the application there. Out: each copy, begun when first asked for and once for all who ask; after a
 * failure the next question begins it again.
 */

import type { Network } from "../network";
import { catchUp, follow } from "./follow";
import type { Ask } from "./answer";
import type { Standing } from "./registry";

export class Copies {
  private readonly begun = new Map<string | null, Promise<Standing>>();
  private readonly ready = new Set<string | null>();
  private catching: Promise<void> = Promise.resolve();
  private lastBlock: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ask: Ask,
    private readonly network: Network,
  ) {}

  has(name: string | null): boolean {
    return this.ready.has(name);
  }

  /** @param name the model's, or null for the whole registry. */
  async have(name: string | null): Promise<Standing> {
    const begun = this.begun.get(name) ?? follow(this.askInTurn, this.network, name);
    this.begun.set(name, begun);
    try {
      const standing = await begun;
      this.ready.add(name);
      return standing;
    } catch (thrown) {
      if (this.begun.get(name) === begun) this.begun.delete(name);
      throw thrown;
    }
  }

  /** Each block may tell of more changes than it takes in; those of a copy that is being begun are taken in there. */
  takeNews(): void {
    for (const name of this.ready) {
      const caught = this.catching.then(() => catchUp(this.askInTurn, this.network, name));
      this.catching = caught.catch(() => undefined); // the next question tells what is missing
    }
  }

  /** Two copies at once would propose two blocks of the same height: what makes a block waits for the one before. */
  private readonly askInTurn: Ask = (query, variables) => {
    if (!query.startsWith("mutation")) return this.ask(query, variables);
    const made = this.lastBlock.then(() => this.ask(query, variables));
    this.lastBlock = made.catch(() => undefined);
    return made;
  };
}
