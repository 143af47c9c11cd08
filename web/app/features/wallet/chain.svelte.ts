// SPDX-License-Identifier: Apache-2.0
/**
 * The chain as the page offers it: whether it is asked, how far it is, and what its registry says of a model.
 *
 * In: the site's network.json, the person's choice, a model's name and digests. Out: answers for Python to judge, within 5
 * seconds whatever happens: fresh ones; else the last that were verified, with their age; else word that nobody could be
 * asked. A failure is told, and never becomes trust.
 */

import { chainError } from "../../../chain/errors";
import { fetchNetwork, type Network } from "../../../chain/network";
import type { Ask } from "../../../chain/registry/answer";
import { Copies } from "../../../chain/registry/copies";
import { lastAnswers, rememberAnswers } from "../../../chain/registry/answer-cache";
import { readOnChain } from "../../../chain/registry/on-chain";
import {
  forEach,
  isName,
  noAnswer,
  readModel,
  type RegistryLookup,
  type Standing,
} from "../../../chain/registry/registry";
import { putReceipt, receiptDigest, type Receipt } from "../../../chain/stories/receipts";
import { Extension } from "../../../chain/wallet/extension";
import type { ChainPort } from "../../../chain/wallet/port";
import type { ChainStep, WalletInfo } from "../../../chain/wallet/protocol";
import { EngineError, toEngineError } from "../../../engine/errors";
import type { RegistryAnswers, StoryRecord } from "../../../engine/protocol";
import { untilAborted } from "../../../engine/rpc/until-aborted";
import { readLocal, writeLocal } from "../../lib/local";
import type { Notices } from "../../lib/notices.svelte";
import type { ReadOnChain } from "../model/gather";
import { AccountChoice } from "./account.svelte";

const WISH_KEY = "taleproof.chain";
const KEEP_KEY = "taleproof.wallet";
const ANSWER_MS = 5000;

/** After these the client would propose the block that was not signed again and again: another has forgotten it. */
const UNSIGNED = ["wallet-locked", "wallet-account-changed", "signature-declined"];

export type ChainLink = Pick<ChainPort, "request" | "listener" | "close">;

function asProblem(thrown: unknown): EngineError {
  return toEngineError(thrown, "chain-unreachable", chainError("chain-unreachable").message);
}

function isUnsigned(thrown: unknown): boolean {
  return thrown instanceof EngineError && UNSIGNED.includes(thrown.code);
}

export class Chain {
  /** Null where the site offers no chain. */
  network = $state.raw<Network | null>(null);
  /** Whether the person lets the page ask it. */
  wanted = $state(readLocal(WISH_KEY) !== "off");
  step = $state<ChainStep | null>(null);
  wallet = $state.raw<WalletInfo | null>(null);
  /** Why the last question has no fresh answer. */
  problem = $state.raw<EngineError | null>(null);
  /** How often the wallet's chain has had a new block: what shows its state reads it again when this changes. */
  blocks = $state(0);
  /** Told when the registry may have something new to say. */
  onNews: () => void = () => undefined;
  /** Done when it is known whether the site offers a chain. */
  described: Promise<void> = Promise.resolve();
  readonly account: AccountChoice;
  private joining: Promise<WalletInfo> | null = null;
  /** What is copied to the chain of the wallet that is open. */
  private copies: Copies | null = null;
  /** What the person did not agree to; nothing but another click asks for it again. */
  private refused: EngineError | null = null;

  constructor(
    private readonly link: ChainLink,
    private readonly notices: Notices,
    private readonly base: string,
    private readonly limit = ANSWER_MS,
    extension = Extension.find(globalThis),
  ) {
    this.account = new AccountChoice(extension);
    extension?.onAccounts(() => void this.accountsChanged());
    link.listener = {
      sign: this.account.sign,
      step: (step) => this.reach(step),
      changed: () => {
        this.blocks += 1;
        this.onNews();
        this.copies?.takeNews();
      },
    };
  }

  /** Finds out whether the site offers a chain. */
  describe(): Promise<void> {
    return (this.described = fetchNetwork(this.base).then(
      (network) => void (this.network = network),
      (thrown: unknown) => {
        this.problem = asProblem(thrown);
        if (this.problem.code === "network-invalid") this.notices.fail(thrown);
      },
    ));
  }

  /**
   * Opens the wallet before it is needed, so that the first question is answered sooner. A failure is told when asked.
   * @param name of the model that will be asked about.
   */
  async warm(name?: string | null): Promise<void> {
    await this.described;
    if (!this.network || !this.wanted) return;
    await (name ? this.watch(name) : this.join()).catch(() => undefined);
  }

  /** Asks the chain from now on, or leaves it alone; remembered. */
  want(wanted: boolean): void {
    this.wanted = wanted;
    writeLocal(WISH_KEY, wanted ? null : "off");
    if (!wanted) this.problem = null;
    this.onNews();
  }

  /** From now on the wallet is of the person's own account in MetaMask, or a guest's; the extension may come up. */
  use(outside: boolean): Promise<void> {
    this.account.choose(outside);
    this.leave();
    return this.again();
  }

  /** Asks the chain once more, because the person says so: the extension may come up. */
  async again(): Promise<void> {
    if (isUnsigned(this.problem)) this.leave();
    this.problem = null;
    try {
      await this.join(true);
      this.onNews();
    } catch (thrown) {
      this.problem = asProblem(thrown);
    }
  }

  /** Forgets the page's key, and opens a guest's wallet with another, on another chain. */
  async forget(): Promise<void> {
    await this.keep(false);
    await this.use(false);
  }

  /** Keeps the wallet's key in this browser, or forgets it when the page is left. */
  async keep(keep: boolean): Promise<void> {
    try {
      this.wallet = await this.link.request("keep", { keep });
      if (!this.wallet.outside) writeLocal(KEEP_KEY, keep ? "kept" : null);
    } catch (thrown) {
      this.notices.fail(thrown);
    }
  }

  /**
   * Puts a story's receipt on the wallet's chain.
   * @param model the SHA-256 of the model's file.
   */
  async put(record: StoryRecord, model: string): Promise<Receipt> {
    const digest = await receiptDigest(record);
    const { owner } = await this.join();
    return putReceipt(this.query, owner, model, digest);
  }

  /** What the registry says of a model's files, never rejected; null where it is not asked. */
  ask(lookup: RegistryLookup): Promise<RegistryAnswers> | null {
    const { network } = this;
    return network && this.wanted ? this.answers(network, lookup) : null;
  }

  /** Fetches a file whose bytes are on chain. */
  readonly fetch: ReadOnChain = async (file, progress, signal) => {
    if (!this.wanted) throw chainError("chain-not-asked");
    await untilAborted(this.join(), signal);
    return untilAborted(readOnChain(this.query, file, progress, signal), signal);
  };

  private async answers(network: Network, lookup: RegistryLookup): Promise<RegistryAnswers> {
    try {
      const answers = await this.inTime(this.read(network, lookup));
      this.problem = null;
      return answers;
    } catch (thrown) {
      const problem = (this.problem = asProblem(thrown));
      const last = await lastAnswers(network, lookup, problem.message);
      return last ?? forEach(lookup, noAnswer("unreachable", problem.message, network));
    }
  }

  private async read(network: Network, lookup: RegistryLookup): Promise<RegistryAnswers> {
    await this.watch(lookup.name);
    const answers = await readModel(this.query, network, lookup);
    performance.mark("chain: answered");
    await rememberAnswers(network, lookup, answers);
    return answers;
  }

  /** Has all that the registry says of a model; of a name that is silent, the whole registry tells whether it exists. */
  async watch(name: string): Promise<void> {
    if (isName(name) && (await this.copy(name)).copied > 0) performance.mark("chain: watched");
    else await this.follow();
  }

  /** Has a copy of the whole registry, for what is not asked by name. */
  async follow(): Promise<void> {
    await this.copy(null);
    performance.mark("chain: followed");
  }

  private async copy(name: string | null): Promise<Standing> {
    await this.join();
    const { copies } = this;
    if (!copies) throw chainError("chain-unreachable");
    if (!copies.has(name)) this.reach("follow");
    return copies.have(name).finally(() => copies === this.copies && (this.step = null));
  }

  /**
   * Opens the wallet, once; after a failure the next question tries again.
   * @param ask whether MetaMask may come up and ask for an account.
   */
  async join(ask = false): Promise<WalletInfo> {
    if (this.refused && !ask) throw this.refused;
    const joining = (this.joining ??= this.joinNow(ask));
    try {
      return await joining;
    } catch (thrown) {
      if (this.joining === joining) {
        this.joining = null;
        if (isUnsigned(thrown)) this.refused = asProblem(thrown);
        if (!this.wallet) this.link.close(); // what was half opened would be in the next one's way
      }
      throw thrown;
    } finally {
      const current = this.joining === null || this.joining === joining;
      if (current && this.step !== "follow") this.step = null;
    }
  }

  private async joinNow(ask: boolean): Promise<WalletInfo> {
    if (!this.network) throw chainError("network-unavailable");
    this.reach("connect");
    const keep = readLocal(KEEP_KEY) === "kept";
    const account = await this.account.owner(ask);
    const wallet = await this.link.request("connect", { network: this.network, keep, account });
    this.copies = new Copies(this.tend, this.network);
    return (this.wallet = wallet);
  }

  /** Asks in the name of the page's key, which asks nobody. */
  private readonly tend: Ask = (query, variables) =>
    this.link.request("query", { query, variables, tend: true });

  /** Shows how far it is; the mark is for whoever measures. */
  private reach(step: ChainStep): void {
    this.step = step;
    performance.mark(`chain: ${step}`);
  }

  /** Closes the wallet; the next question opens it. */
  private leave(): void {
    this.link.close();
    this.joining = null;
    this.copies = null;
    this.refused = null;
    this.wallet = null;
  }

  private async accountsChanged(): Promise<void> {
    if (!this.wallet?.outside) return;
    const mismatch = await this.account.mismatch(this.wallet.owner);
    if (mismatch ?? this.problem?.code === "wallet-account-changed") this.problem = mismatch;
  }

  /** Asks the application on the wallet's chain. What makes a block there has the signature of the chain's owner. */
  readonly query: Ask = async (query, variables) => {
    await this.join();
    try {
      return await this.link.request("query", { query, variables, tend: false });
    } catch (thrown) {
      if (isUnsigned(thrown)) {
        this.leave();
        void this.warm();
      }
      throw thrown;
    }
  };

  /** The answer if it comes in time; one that comes later is news. */
  private async inTime(answer: Promise<RegistryAnswers>): Promise<RegistryAnswers> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let late = false;
    const limit = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        late = true;
        reject(chainError("chain-slow"));
      }, this.limit);
    });
    answer.then(
      () => late && this.onNews(),
      (thrown: unknown) => late && (this.problem = asProblem(thrown)),
    );
    return Promise.race([answer, limit]).finally(() => clearTimeout(timer));
  }
}
