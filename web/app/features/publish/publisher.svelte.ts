// SPDX-License-Identifier: Apache-2.0
/**
 * What a publisher does and sees: orders to the registry, what became of them, the names that are one's own, and all that
 * changes there.
 *
 * In: the wallet's chain, and what the person asks for. Out: state that the publishers' page shows. What was refused is
 * told beside what was asked, and a draft stays until its model is published; a failure to read leaves what was there.
 */

import { chainError } from "../../../chain/errors";
import type { Network } from "../../../chain/network";
import {
  publish,
  readChanges,
  readOwned,
  readRequests,
  revoke,
  transferName,
  type Change,
  type OwnedModel,
  type Request,
} from "../../../chain/registry/publishing";
import type { Ask } from "../../../chain/registry/answer";
import { sameAccount } from "../../../chain/wallet/extension";
import { toEngineError, type EngineError } from "../../../engine/errors";
import type { Notices } from "../../lib/notices.svelte";
import type { OpenModel } from "../model/models.svelte";
import type { Chain } from "../wallet/chain.svelte";
import { holdings } from "./holdings";
import { beginDraft, toRelease, type Draft } from "./release";
import { orderWords, outcomeWords } from "./request-words";

/** How many changes the page shows at most. */
const NEWS = 12;

export type PublisherChain = Pick<Chain, "join" | "follow" | "query" | "network">;

/** Why what was asked last was not sent. */
export interface Refusal {
  /** The own model that it was about; null for a publication. */
  model: string | null;
  error: EngineError;
}

const CHANGES: Record<Request["kind"], Change["kind"]> = {
  PUBLISH: "PUBLISHED",
  REVOKE: "REVOKED",
  TRANSFER_NAME: "TRANSFERRED",
};

const asProblem = (thrown: unknown): EngineError =>
  toEngineError(thrown, "chain-unreachable", chainError("chain-unreachable").message);

/** A draft whose fields the page shows and changes. */
class ShownDraft implements Draft {
  name = $state("");
  description = $state("");
  licence = $state("");
  addresses = $state<string[]>([]);

  constructor(begun: Draft) {
    Object.assign(this, begun);
  }
}

export class Publisher {
  /** All of the registry's, the oldest first, as far as they are read. */
  changes = $state.raw<Change[]>([]);
  /** The newest, the oldest of them first; there before all are read. */
  news = $state.raw<Change[]>([]);
  /** All of the wallet's chain, the oldest first. */
  requests = $state.raw<Request[]>([]);
  /** One's own, the newest first. */
  models = $state.raw<OwnedModel[]>([]);
  /** Whether all was read. */
  read = $state(false);
  problem = $state.raw<EngineError | null>(null);
  sending = $state(false);
  refusal = $state.raw<Refusal | null>(null);
  /** Who has which name, as far as it is known here. */
  readonly names = $derived(holdings(this.changes));
  /** By the SHA-256 of the model. */
  private readonly drafts: { [sha256: string]: Draft } = {};
  /** The wallet's chain that the requests are of. */
  private chainOf: string | null = null;
  /** How many changes of a name were there when its model was read. */
  private readonly seen: { [name: string]: number } = {};
  private reading: Promise<void> | null = null;
  private outdated = false;

  constructor(
    private readonly chain: PublisherChain,
    private readonly notices: Notices,
    private readonly base: string,
  ) {}

  /** What is being typed of the open model. */
  draft(open: OpenModel): Draft {
    const { sha256 } = open.model.digests;
    return (this.drafts[sha256] ??= new ShownDraft(beginDraft(open, this.base)));
  }

  /** Where an accepted request stands in the registry; null until it has arrived here. */
  arrival({ status, kind, name, by, block }: Request): Change | null {
    if (status !== "ACCEPTED") return null;
    const fits = (change: Change): boolean =>
      change.block === block &&
      change.kind === CHANGES[kind] &&
      change.model === name &&
      sameAccount(change.by, by);
    return this.changes.find(fits) ?? null;
  }

  /** True once it is on its way. */
  publish(open: OpenModel, draft: Draft): Promise<boolean> {
    return this.send(null, async (ask, by) => publish(ask, by, draft.name.trim(), toRelease(open, draft)));
  }

  revoke(model: string, version: number, reason: string): Promise<boolean> {
    return this.send(model, (ask, by) => revoke(ask, by, model, version, reason));
  }

  transfer(model: string, newOwner: string): Promise<boolean> {
    return this.send(model, async (ask, by) => {
      if (!/^0x([0-9a-f]{40}|[0-9a-f]{64})$/i.test(newOwner)) throw chainError("no-account");
      await transferName(ask, by, model, newOwner);
    });
  }

  private async send(model: string | null, order: (ask: Ask, by: string) => Promise<void>): Promise<boolean> {
    this.sending = true;
    this.refusal = null;
    try {
      const { owner } = await this.chain.join();
      await order(this.chain.query, owner);
    } catch (thrown) {
      this.refusal = { model, error: asProblem(thrown) };
      return false;
    } finally {
      this.sending = false;
    }
    await this.load();
    return true;
  }

  /** Reads what is new. */
  load(): Promise<void> {
    this.outdated = true;
    return (this.reading ??= this.readUntilCurrent().finally(() => (this.reading = null)));
  }

  private async readUntilCurrent(): Promise<void> {
    while (this.outdated) {
      this.outdated = false;
      try {
        await this.readNews();
        this.problem = null;
      } catch (thrown) {
        this.problem = asProblem(thrown);
      }
    }
  }

  /** Reads answers, one page of changes, and when no more follow, one's own models. */
  private async readNews(): Promise<void> {
    const { chain, owner } = await this.chain.join();
    const { network, query } = this.chain;
    if (!network) throw chainError("network-unavailable");
    if (chain !== this.chainOf) this.forget(chain);
    const waiting = this.requests.filter(({ status }) => status === "PENDING");
    this.requests = await this.readRequests(query);
    await this.chain.follow();
    const { changes, known } = await readChanges(query, network, this.changes.length);
    this.changes = [...this.changes, ...changes];
    for (const { number } of waiting) this.tell(this.requests.find((request) => request.number === number));
    if (this.changes.length < known) {
      this.outdated = true;
      if (this.news.length === 0) this.news = (await readChanges(query, network, known - NEWS)).changes;
      return;
    }
    this.news = this.changes.slice(-NEWS);
    this.models = await this.readModels(query, network, owner);
    this.read = true;
  }

  /** Another wallet has another chain, whose copy of the registry may be younger. */
  private forget(chain: string): void {
    this.chainOf = chain;
    this.changes = [];
    this.news = [];
    this.requests = [];
    this.models = [];
    this.read = false;
  }

  /** All requests, those read again that had no answer yet, and what follows them. */
  private async readRequests(query: Ask): Promise<Request[]> {
    const waiting = this.requests.find(({ status }) => status === "PENDING");
    const settled = waiting ? waiting.number - 1 : (this.requests.at(-1)?.number ?? 0);
    const fresh = await readRequests(query, settled);
    return [...this.requests.filter(({ number }) => number <= settled), ...fresh];
  }

  /** One's own models, those read again that were changed since. */
  private async readModels(query: Ask, network: Network, owner: string): Promise<OwnedModel[]> {
    const models: OwnedModel[] = [];
    for (const [name, holding] of this.names) {
      if (!sameAccount(holding.owner, owner)) continue;
      const seen = this.seen[name];
      const before = seen === holding.changes && this.models.find((model) => model.name === name);
      const model = before || (await readOwned(query, network, name));
      this.seen[name] = holding.changes;
      if (model) models.unshift(model);
    }
    return models;
  }

  /** Says that a request was answered. */
  private tell(request: Request | undefined): void {
    if (!request || request.status === "PENDING") return;
    const outcome = outcomeWords(request, this.arrival(request));
    this.notices.say(`${orderWords(request)} ${request.name}: ${outcome}`);
  }
}
