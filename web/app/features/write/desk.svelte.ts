// SPDX-License-Identifier: Apache-2.0
/**
 * The story being written: its opening, its text as it comes, and how it is saved on the way.
 *
 * In: the person's wishes (write, stop, go on, start again) and the engine's events. Out: the text and figures to show,
 * and the story on the shelf: saved when it begins, every few seconds while it grows, and when it ends in any way.
 */

import { EngineError } from "../../../engine/errors";
import type { FinishReason, WriteEvent, WriteRequest, WriteStats } from "../../../engine/protocol";
import { sourceOf } from "../../lib/choice";
import type { EngineState } from "../../lib/engine.svelte";
import { countWords, plural } from "../../lib/format";
import { readLocal, writeLocal } from "../../lib/local";
import type { Notices } from "../../lib/notices.svelte";
import { WET_PIECES } from "../../lib/paragraphs";
import { describeModel, titleFrom, type Story, type StorySettings } from "../../lib/story";
import type { Models, OpenModel } from "../model/models.svelte";
import type { Settings } from "../settings/settings.svelte";
import type { Shelf } from "../shelf/shelf.svelte";
import { Autosave } from "./autosave";

const OPENING_KEY = "taleproof.opening";
/** A longer opening is not kept between visits: it would crowd out everything else. */
const KEPT_OPENING = 20_000;
const SAVE_MILLISECONDS = 1000;

/** `preparing` lasts until the first token: the model is opened, the opening read. */
export type DeskPhase = "blank" | "preparing" | "writing" | "ended";

export interface Prefill {
  done: number;
  total: number;
}

/** What the desk needs from the others. */
export interface DeskParts {
  engine: EngineState;
  models: Models;
  settings: Settings;
  shelf: Shelf;
  notices: Notices;
}

export class Desk {
  opening = $state(readLocal(OPENING_KEY) ?? "");
  phase = $state<DeskPhase>("blank");
  /** The model's words so far. */
  text = $state("");
  /** Where in `text` the last pieces begin. */
  pieces = $state.raw<number[]>([]);
  story = $state.raw<Story | null>(null);
  stats = $state.raw<WriteStats | null>(null);
  prefill = $state.raw<Prefill | null>(null);
  reason = $state<FinishReason | null>(null);
  /** What the model was told, where its chat template asked for the date. */
  date = $state<string | null>(null);
  /** Done when nothing is being written any more. */
  settled: Promise<void> = Promise.resolve();
  /** The model that can go on with the story, as long as it stays open. */
  private resumable = $state.raw<OpenModel | null>(null);
  private stopper: AbortController | null = null;
  private waiting = "";
  private scheduled = false;
  private readonly autosave = new Autosave(() => void this.save(), SAVE_MILLISECONDS);

  constructor(private readonly parts: DeskParts) {}

  get busy(): boolean {
    return this.phase === "preparing" || this.phase === "writing";
  }

  get canContinue(): boolean {
    return this.resumable !== null && this.resumable === this.parts.models.open;
  }

  changeOpening(opening: string): void {
    this.opening = opening;
    if (opening.length <= KEPT_OPENING) writeLocal(OPENING_KEY, opening === "" ? null : opening);
  }

  write(): Promise<void> {
    if (!this.busy) this.settled = this.writeNew();
    return this.settled;
  }

  goOn(): Promise<void> {
    if (!this.busy && this.canContinue) this.settled = this.writeMore();
    return this.settled;
  }

  /** Ends what is going on: the download, the reading of the opening, or the writing. */
  stop(): void {
    const { models, notices } = this.parts;
    if (this.busy || models.opening) notices.stop("Stopped.");
    this.stopper?.abort();
    models.stop();
  }

  /** A blank page with the same opening; the story stays on the shelf. */
  startAgain(): void {
    if (this.busy) return;
    this.parts.notices.dismiss();
    this.clear();
    this.phase = "blank";
  }

  /** Saves at once, with what waits for a frame; for a page that is about to be left. */
  saveNow(): void {
    if (!this.busy || !this.story) return;
    this.flush();
    void this.save();
  }

  private async writeNew(): Promise<void> {
    const { notices, settings, models } = this.parts;
    const asked = settings.read();
    const complaint = this.complaint(asked);
    if (typeof asked === "string" || complaint) {
      notices.fail(complaint);
      return;
    }
    notices.dismiss();
    this.clear();
    this.phase = "preparing";
    const stopper = (this.stopper = new AbortController());
    const ready = await models.ensureOpen();
    if (ready && stopper.signal.aborted) notices.stop("Stopped. The model is ready when you are.");
    if (!ready || !models.open || stopper.signal.aborted) {
      this.phase = "blank";
      return;
    }
    const { mode, sampler, maxTokens } = asked;
    this.story = this.begin(asked, models.open);
    await this.run(
      { kind: "new", prompt: this.opening, mode, sampler, limits: { maxTokens, stop: [] } },
      stopper,
    );
  }

  private async writeMore(): Promise<void> {
    if (!this.story) return;
    const asked = this.parts.settings.read();
    if (typeof asked === "string") {
      this.parts.notices.fail(new EngineError({ code: "setting-out-of-range", message: asked }));
      return;
    }
    this.parts.notices.dismiss();
    const { maxTokens } = asked;
    const settings = { ...this.story.settings, maxTokens: this.story.tokens + maxTokens };
    this.story = { ...this.story, settings, state: "writing", finishReason: null };
    this.phase = "preparing";
    this.reason = null;
    await this.run({ kind: "continue", maxTokens }, (this.stopper = new AbortController()));
  }

  private complaint(asked: StorySettings | string): EngineError | null {
    if (typeof asked === "string") return new EngineError({ code: "setting-out-of-range", message: asked });
    if (this.parts.models.lent) {
      const message = "A token's story is being written. Let it end, or stop it there; then write this one.";
      return new EngineError({ code: "busy", message });
    }
    if (this.opening.trim() !== "") return null;
    const message = "There is no opening yet. Write a first line, or choose one of those below it.";
    return new EngineError({ code: "opening-empty", message });
  }

  private clear(): void {
    this.text = "";
    this.waiting = "";
    this.pieces = [];
    this.story = this.stats = this.prefill = this.reason = this.date = null;
    this.resumable = null;
  }

  private begin(settings: StorySettings, open: OpenModel): Story {
    const info = this.parts.engine.info;
    const now = Date.now();
    const source = sourceOf(open.choice.request, "model");
    return {
      id: crypto.randomUUID(),
      title: titleFrom(this.opening),
      created: now,
      changed: now,
      state: "writing",
      opening: this.opening,
      text: "",
      settings,
      promptTokens: 0,
      tokens: 0,
      finishReason: null,
      model: describeModel(
        open.model,
        this.parts.models.verdict ?? open.verdict,
        source?.kind === "url" ? source.url : null,
        open.model.tokenizer?.sha256 ?? null,
      ),
      engine: info && { version: info.version, numericsVersion: info.numericsVersion, kernels: info.kernels },
      record: null,
    };
  }

  private async run(request: WriteRequest, stopper: AbortController): Promise<void> {
    const { engine, notices } = this.parts;
    notices.say("Reading the opening.");
    try {
      for await (const event of engine.port.write(request, stopper.signal)) this.take(event);
      if (!this.reason) this.end("stopped", false);
    } catch (thrown) {
      notices.fail(thrown);
      this.end(stopper.signal.aborted ? "stopped" : null, false);
    }
    this.autosave.finish();
    if (this.text !== "") await this.save();
  }

  private take(event: WriteEvent): void {
    if (event.kind === "started" && this.story) {
      const { settings } = this.story;
      const sampler = { ...settings.sampler, seed: event.seed };
      this.story = { ...this.story, promptTokens: event.promptTokens, settings: { ...settings, sampler } };
      this.date = event.date;
    } else if (event.kind === "prefill") {
      this.prefill = event.done < event.total ? { done: event.done, total: event.total } : null;
    } else if (event.kind === "token") {
      this.append(event.text);
    } else if (event.kind === "stats") {
      this.stats = event.stats;
    } else if (event.kind === "finished") {
      this.stats = event.stats;
      this.waiting += event.text;
      if (this.story) this.story = { ...this.story, tokens: event.stats.tokens, record: event.record };
      this.end(event.reason, event.canContinue);
    }
  }

  /** Collects what arrives within one frame of the screen, however fast the engine is; a hidden page has no frames. */
  private append(text: string): void {
    if (this.phase === "preparing") {
      this.phase = "writing";
      this.parts.notices.say("Writing.");
    }
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

  private flush(): void {
    if (this.waiting === "") return;
    this.pieces = [...this.pieces, this.text.length].slice(-WET_PIECES);
    this.text += this.waiting;
    this.waiting = "";
    this.autosave.changed();
  }

  private end(reason: FinishReason | null, canContinue: boolean): void {
    this.flush();
    const nothing = this.text === "" && (reason === null || reason === "stopped");
    this.phase = nothing ? "blank" : "ended";
    this.prefill = null;
    this.reason = reason;
    this.resumable = canContinue ? this.parts.models.open : null;
    if (this.story) this.story = { ...this.story, state: "finished", finishReason: reason };
    const { notices } = this.parts;
    if (nothing && reason === "stopped") notices.stop("Stopped before the first word.");
    else notices.stopped = null; // the foot of the story says so from here on
    if (!nothing && reason)
      notices.say(`${reason === "stopped" ? "Stopped" : "Finished"}: ${this.length()}.`);
  }

  private length(): string {
    return `${plural(countWords(this.text), "word")} written`;
  }

  private async save(): Promise<void> {
    if (!this.story) return;
    // The title may have been changed on the shelf in the meantime.
    const title = this.parts.shelf.find(this.story.id)?.title ?? this.story.title;
    const tokens = this.stats?.tokens ?? this.story.tokens;
    this.story = { ...this.story, title, tokens, text: this.text, changed: Date.now() };
    await this.parts.shelf.save(this.story);
  }
}
