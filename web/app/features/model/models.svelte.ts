// SPDX-License-Identifier: Apache-2.0
/**
 * Which model tells the story: chosen, opened, and what is known about its bytes.
 *
 * In: the person's choice and answers, and what the registry on chain says. Out: the open model with its verdict, progress on the way there, and the question
 * whether an unverified file may be used. A file that nobody vouches for is opened only with the digest that the person
 * was shown and accepted.
 */

import type { RegistryLookup } from "../../../chain/registry/registry";
import { withAcceptance } from "../../../engine/acceptance";
import { EngineError } from "../../../engine/errors";
import type {
  LoadProgress,
  MemoryFigures,
  ModelInfo,
  NamedDigests,
  OpenRequest,
  RegistryAnswers,
  Role,
  Verdict,
} from "../../../engine/protocol";
import { untilAborted } from "../../../engine/rpc/until-aborted";
import { fetchCatalogue, type CatalogueModel } from "../../lib/catalogue";
import { lookupOf, chooseEntry, type Choice } from "../../lib/choice";
import type { EngineState } from "../../lib/engine.svelte";
import type { Notices } from "../../lib/notices.svelte";
import { gather, type ReadOnChain } from "./gather";

export interface OpenModel {
  choice: Choice;
  model: ModelInfo;
  verdict: Verdict;
  memory: MemoryFigures;
}

/** What the models need of the chain. */
export interface Registry {
  /** Done when it is known whether there is one. */
  described: Promise<void>;
  /** Null where there is none. */
  readonly network: object | null;
  /** What it says of a model's files, never rejected; null where it is not asked. */
  ask(lookup: RegistryLookup): Promise<RegistryAnswers> | null;
  /** Fetches a file whose bytes are on chain. */
  fetch: ReadOnChain;
}

const NO_CHOICE = {
  code: "no-model",
  message: "Choose a model first: one of the list, or a file of your own.",
};

/** Of a file that the registry is not asked about. */
const NO_WORD: Promise<RegistryAnswers> = Promise.resolve({ model: null, tokenizer: null });

export interface Question {
  file: string;
  /** Each file, of a model in several; else empty. */
  files: NamedDigests[];
  verdict: Verdict;
  answer: (yes: boolean) => void;
}

export class Models {
  catalogue = $state.raw<CatalogueModel[]>([]);
  choice = $state.raw<Choice | null>(null);
  open = $state.raw<OpenModel | null>(null);
  /** The last file that was refused, until another is chosen. */
  refused = $state.raw<Verdict | null>(null);
  opening = $state(false);
  progress = $state.raw<LoadProgress | null>(null);
  question = $state.raw<Question | null>(null);
  /** Whether the engine is at work for a story that is not the desk's. */
  lent = $state(false);
  /** The verdict on the open model under what the registry has said since it was opened. */
  private newer = $state.raw<Verdict | null>(null);
  private judging: Promise<void> | null = null;
  private outdated = false;
  /** How often the registry has had something new to say. */
  private news = 0;
  /** Asks the registry once more while the person is asked in its place. */
  private hear: () => Promise<void> = async () => undefined;
  private stopper: AbortController | null = null;
  private pending: Promise<boolean> | null = null;
  private listing: Promise<void> | null = null;
  private lending: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly engine: EngineState,
    private readonly notices: Notices,
    private readonly base: string,
    private readonly registry: Registry | null = null,
  ) {}

  get verdict(): Verdict | null {
    return (this.open && (this.newer ?? this.open.verdict)) ?? this.refused;
  }

  loadCatalogue(): Promise<void> {
    return (this.listing = this.fetchList());
  }

  private async fetchList(): Promise<void> {
    try {
      this.catalogue = await fetchCatalogue(this.base);
      const first = this.catalogue[0];
      if (first) this.choice ??= chooseEntry(first);
    } catch (thrown) {
      this.notices.fail(thrown, { label: "Try again", run: () => void this.loadCatalogue() });
    }
  }

  /** Takes another model; it is fetched when it is first needed. */
  async choose(choice: Choice): Promise<void> {
    this.stop();
    await this.pending;
    await this.lending;
    this.choice = choice;
    this.open = null;
    this.refused = null;
    this.notices.dismiss();
  }

  /** Opens the chosen model unless it is open; false where that failed, was stopped or was declined. */
  async ensureOpen(): Promise<boolean> {
    if (this.lent) await this.lending;
    if (this.open) return true;
    this.pending ??= this.openChoice().finally(() => (this.pending = null));
    return this.pending;
  }

  /**
   * Hands a model over for a story that is not the desk's, until the work is done or `stop` aborts its signal. The desk's
   * choice stays; its model is opened anew when it is next needed. What the desk could have gone on with is gone: the engine
   * holds one story.
   * @param contextLength the most tokens that the story may take with its prompt.
   * @returns null where the person declined a file that nobody vouches for.
   */
  async lend<T>(
    choice: Choice,
    contextLength: number,
    work: (open: OpenModel, signal: AbortSignal) => Promise<T>,
  ): Promise<T | null> {
    if (this.lent) {
      throw new EngineError({ code: "busy", message: "A story is being written already. Stop it first." });
    }
    this.lent = true;
    const lending = this.lendNow(choice, contextLength, work);
    this.lending = lending.catch(() => undefined);
    try {
      return await lending;
    } finally {
      this.lent = false;
    }
  }

  private async lendNow<T>(
    choice: Choice,
    contextLength: number,
    work: (open: OpenModel, signal: AbortSignal) => Promise<T>,
  ): Promise<T | null> {
    await this.pending;
    const { signal } = (this.stopper = new AbortController());
    const own = this.open;
    const fits = own?.choice === choice && own.model.sessionLength === contextLength;
    // In either case another than the one that the desk wrote with; with the verdict as it is now.
    this.open = fits ? { ...own, verdict: this.newer ?? own.verdict } : null;
    try {
      const request = { ...choice.request, contextLength };
      const open = this.open ?? (await this.askUntilOpen({ ...choice, request }, signal));
      return open && (await work(open, signal));
    } finally {
      this.progress = null;
      this.stopper = null;
    }
  }

  /** Has the open model judged again, for the registry may say something new; the story that is being told goes on. */
  rejudge(): Promise<void> {
    this.outdated = true;
    this.news += 1;
    void this.hear();
    return (this.judging ??= this.judgeUntilCurrent().finally(() => (this.judging = null)));
  }

  private async judgeUntilCurrent(): Promise<void> {
    while (this.outdated) {
      this.outdated = false;
      const open = this.open;
      const lookup = open && lookupOf(open.choice);
      if (!lookup) return;
      try {
        const answers = await this.registry?.ask(lookup);
        const verdict = await this.engine.port.judge(answers ?? { model: null, tokenizer: null });
        if (this.open === open) this.take(verdict);
      } catch (thrown) {
        if (this.open === open) this.notices.fail(thrown);
      }
    }
  }

  private take(verdict: Verdict): void {
    if (verdict.kind !== "refused" && verdict.kind !== "revoked") {
      this.newer = verdict;
      return;
    }
    this.open = null;
    this.refused = verdict;
    this.notices.fail(new EngineError({ code: verdict.kind, message: verdict.sentence, verdict }));
  }

  stop(): void {
    this.stopper?.abort();
    this.question?.answer(false);
  }

  /** The engine is gone, and the open model with it. */
  crashed(): void {
    this.open = null;
  }

  private async openChoice(): Promise<boolean> {
    this.opening = true;
    this.refused = null;
    const { signal } = (this.stopper = new AbortController());
    try {
      if (!this.choice && this.listing) await untilAborted(this.listing, signal); // somebody was quicker than the list
      const choice = this.choice;
      if (!choice) {
        this.notices.fail(new EngineError(NO_CHOICE));
        return false;
      }
      void this.engine.start();
      const { news } = this;
      const open = await this.askUntilOpen(choice, signal);
      if (!open) return false;
      // What was accepted stays accepted for this file, should the engine have to open it again.
      this.choice = open.choice;
      this.open = open;
      this.newer = null;
      if (news !== this.news) void this.rejudge(); // the answers it was judged by may be old ones
      return true;
    } catch (thrown) {
      if (thrown instanceof EngineError && thrown.verdict) this.refused = thrown.verdict;
      this.notices.fail(thrown, { label: "Try again", run: () => void this.retry() });
      return false;
    } finally {
      this.opening = false;
      this.progress = null;
      this.stopper = null;
    }
  }

  private async retry(): Promise<void> {
    this.notices.dismiss();
    if (await this.ensureOpen()) this.notices.say(`${this.open?.model.name ?? "The model"} is ready.`);
  }

  /** Null where the person declined. */
  private async askUntilOpen(choice: Choice, signal: AbortSignal): Promise<OpenModel | null> {
    if (this.registry) await untilAborted(this.registry.described, signal);
    const lookup = lookupOf(choice);
    const word = lookup && this.registry ? this.registry.ask(lookup) : null;
    // Whoever might publish a file needs both of its digests, which are computed where answers are awaited.
    let answers = word ?? (this.registry?.network ? NO_WORD : null);
    const tell = (progress: LoadProgress): void => {
      if (!signal.aborted) this.progress = progress;
    };
    let request = await this.gathered(choice, tell, signal);
    let opened = request;
    for (;;) {
      const result = await this.engine.port.open(opened, tell, signal, answers);
      this.progress = null;
      if (result.kind === "ready") return { choice: { ...choice, request }, ...result };
      const sha256 = result.verdict.actual?.sha256;
      if (sha256 === undefined) return null;
      const said = await this.ask(result.name, result.files, result.verdict, result.role, lookup);
      if (said === false) return null;
      // So the engine judges what it holds. Where the registry has spoken it counts, whatever is accepted.
      opened = withAcceptance(opened, result.role, sha256);
      if (said === true) request = withAcceptance(request, result.role, sha256);
      else answers = Promise.resolve(said);
    }
  }

  /** The choice's request, once what is on chain is here. */
  private async gathered(
    choice: Choice,
    tell: (progress: LoadProgress) => void,
    signal: AbortSignal,
  ): Promise<OpenRequest> {
    if (!choice.listed || !this.registry) return choice.request;
    const { models } = await untilAborted(this.engine.port.storage(), signal);
    return gather(choice.request, choice.listed, models, this.registry.fetch, tell, signal);
  }

  /** The person's answer, or the registry's where that has a word on the file after all. */
  private async ask(
    file: string,
    files: NamedDigests[],
    verdict: Verdict,
    role: Role,
    lookup: RegistryLookup | null,
  ): Promise<boolean | RegistryAnswers> {
    this.notices.say(`Nobody vouches for ${file}. Decide whether to use it.`);
    try {
      return await new Promise<boolean | RegistryAnswers>((answer) => {
        this.question = { file, files, verdict, answer };
        this.hear = async () => {
          const answers = lookup && (await this.registry?.ask(lookup));
          const status = answers?.[role]?.status;
          if (answers && (status === "registered" || status === "revoked")) answer(answers);
        };
        void this.hear(); // it may have answered by now
      });
    } finally {
      this.question = null;
      this.hear = async () => undefined;
    }
  }
}
