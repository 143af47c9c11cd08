// SPDX-License-Identifier: Apache-2.0
/**
 * The registry's models as the page shows them: so many at a time, and one by its name.
 *
 * In: the chain, and what the person asks for. Out: versions to choose from, and why there are none. However many models
 * there are, no more are read than were asked for.
 */

import { chainError } from "../../../chain/errors";
import type { Network } from "../../../chain/network";
import { findModel, listModels, type ListedPage, type ListedVersion } from "../../../chain/registry/listed";
import type { Ask } from "../../../chain/registry/answer";
import { toEngineError, type EngineError } from "../../../engine/errors";

/** Few at first, so that what stands below them in the dialogue is not far; then more at a time. */
export const FIRST = 5;
export const PAGE = 20;

/** What was looked up: a name, and what the registry has under it. */
export interface Found {
  name: string;
  version: ListedVersion | null;
}

/** What the list needs of the chain. */
export interface AskedChain {
  readonly network: Network | null;
  readonly query: Ask;
  /** Has all that the registry says of a model. */
  watch(name: string): Promise<void>;
  /** Has a copy of the whole registry. */
  follow(): Promise<void>;
}

export class RegistryList {
  versions = $state.raw<ListedVersion[]>([]);
  /** What follows this name comes next; null where there is no more. */
  next = $state.raw<string | null>(null);
  found = $state.raw<Found | null>(null);
  /** Whether the person waits for it; what is shown is read again without a word. */
  busy = $state(false);
  problem = $state.raw<EngineError | null>(null);
  private work: Promise<void> = Promise.resolve();

  constructor(private readonly chain: AskedChain) {}

  /** Reads again what is shown, or the first few. */
  load(): Promise<void> {
    return this.during(async () => {
      const shown = Math.max(this.versions.length, FIRST);
      const versions: ListedVersion[] = [];
      let next: string | null = null;
      do {
        const page = await this.read(next, Math.min(PAGE, shown - versions.length));
        versions.push(...page.versions);
        next = page.next;
      } while (next !== null && versions.length < shown);
      this.versions = versions;
      this.next = next;
      if (this.found) await this.find(this.found.name);
    }, false);
  }

  /** Reads the next page. */
  more(): Promise<void> {
    return this.during(async () => {
      if (this.next === null) return;
      const page = await this.read(this.next, PAGE);
      this.versions = [...this.versions, ...page.versions];
      this.next = page.next;
    });
  }

  /** Looks a name up; an empty one brings the list back. */
  lookUp(name: string): Promise<void> {
    return this.during(async () => {
      if (name === "") this.found = null;
      else await this.find(name);
    });
  }

  private async find(name: string): Promise<void> {
    await this.chain.watch(name);
    const { query, network } = this.asked();
    this.found = { name, version: await findModel(query, network, name) };
  }

  private async read(after: string | null, first: number): Promise<ListedPage> {
    await this.chain.follow();
    const { query, network } = this.asked();
    return listModels(query, network, after, first);
  }

  private asked(): { query: Ask; network: Network } {
    const { query, network } = this.chain;
    if (!network) throw chainError("network-unavailable");
    return { query, network };
  }

  /** One thing after the other; a failure is shown, and leaves what was there. */
  private during(work: () => Promise<void>, awaited = true): Promise<void> {
    this.work = this.work.then(async () => {
      this.busy = awaited || this.versions.length === 0;
      try {
        await work();
        this.problem = null;
      } catch (thrown) {
        this.problem = toEngineError(thrown, "chain-unreachable", chainError("chain-unreachable").message);
      } finally {
        this.busy = false;
      }
    });
    return this.work;
  }
}
