// SPDX-License-Identifier: Apache-2.0
/**
 * The story on the desk: its text, the takes of the model as they come, and how it is kept on the way.
 *
 * In: the person's wishes (write, stop, go on, try again, begin anew) and the engine's events. Out: the text and figures to
 * show, and the story on the shelf: kept when the model begins, every second while it changes, and when it comes to rest in
 * any way.
 */

import type {
  AuthorsNote,
  FinishReason,
  PromptBudget,
  WriteEvent,
  WriteRequest,
  WriteStats,
} from "../../../engine/protocol";
import type { EngineState } from "../../lib/engine.svelte";
import { countWords, plural } from "../../lib/format";
import { readLocal, writeLocal } from "../../lib/local";
import type { Notices } from "../../lib/notices.svelte";
import { lastTake, NO_NOTE, takeOf, type Story, type Take } from "../../lib/story";
import type { Models, OpenModel } from "../model/models.svelte";
import type { Settings } from "../settings/settings.svelte";
import type { Shelf } from "../shelf/shelf.svelte";
import { Frames } from "./text/frames";
import { Keeping, STORY_KEY } from "./keeping.svelte";
import { Manuscript } from "./text/manuscript.svelte";
import { newStory, newTake, requestFor, type Reminders } from "./new-take";
import { complaintOf, startAfter, startInstead, type Start } from "./starts";

const DRAFT_KEY = "taleproof.opening";
/** A longer draft is not kept between visits: it would crowd out everything else. */
const KEPT_DRAFT = 20_000;

/** `blank`: there is no story yet, only its opening. `preparing` lasts until the first token. */
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
  phase = $state<DeskPhase>("blank");
  /** As it was when it was last kept: its newest passages are the manuscript's. */
  story = $state.raw<Story | null>(null);
  stats = $state.raw<WriteStats | null>(null);
  prefill = $state.raw<Prefill | null>(null);
  reason = $state<FinishReason | null>(null);
  /** What the model was told, where its chat template asked for the date. */
  date = $state<string | null>(null);
  /** What the model must not forget, and what it is reminded of near the end. */
  memory = $state("");
  note = $state.raw<AuthorsNote>(NO_NOTE);
  /** How the context was spent on the last take, in tokens. */
  budget = $state.raw<PromptBudget | null>(null);
  readonly manuscript: Manuscript = new Manuscript(() => this.changed());
  /** Done when nothing is being written any more. */
  settled: Promise<void> = Promise.resolve();
  /** The take that the engine can go on with, as long as its model stays open. */
  private resumable = $state.raw<{ take: string; model: OpenModel } | null>(null);
  private stopper: AbortController | null = null;
  private readonly frames = new Frames((text) => this.show(text));
  /** Where the first words go of the take that is being written; null once they are there. */
  private place: { at: number; tries: readonly string[] } | null = null;
  private readonly keeping: Keeping;

  constructor(private readonly parts: DeskParts) {
    this.keeping = new Keeping(parts.shelf, parts.notices, () => this.present());
    this.manuscript.load({ passages: [{ author: "person", text: readLocal(DRAFT_KEY) ?? "" }], takes: [] });
  }

  get busy(): boolean {
    return this.phase === "preparing" || this.phase === "writing";
  }

  /** Whether the shelf has the story as it is. */
  get kept(): boolean {
    return this.keeping.kept;
  }

  get text(): string {
    return this.manuscript.text;
  }

  /** What the model wrote last, whether it still stands in the text or not. */
  get take(): Take | null {
    return this.story && lastTake(this.story);
  }

  /** Whether the model goes on with its last take, as though it had never stopped. */
  get canResume(): boolean {
    const { take, resumable, manuscript } = this;
    if (!take || resumable?.take !== take.id || resumable.model !== this.parts.models.open) return false;
    if (manuscript.ending?.take !== take.id) return false;
    return this.text === (this.story?.request === take.prompt ? take.text : take.prompt + take.text);
  }

  /** Puts words in the place of the opening; undo brings back what was there. */
  changeOpening(opening: string): void {
    if (!this.busy) this.manuscript.replaceAll(opening);
  }

  /** Writes on from all that there is: the last take goes on where it can, else a new one begins. */
  write(): Promise<void> {
    if (!this.busy) this.settled = this.canResume ? this.resume() : this.begin(startAfter);
    return this.settled;
  }

  /** Another take, with another seed, in the place of the model's words at the end. */
  tryAgain(): Promise<void> {
    if (!this.busy && this.manuscript.ending) this.settled = this.begin(startInstead);
    return this.settled;
  }

  /** Puts a take that was tried before in the place of the one at the end. */
  chooseTry(index: number): void {
    const { ending } = this.manuscript;
    const id = ending?.tries[index];
    const take = id !== undefined && this.story && takeOf(this.story, id);
    if (!ending || !take || this.busy) return;
    this.manuscript.put(ending.start, take.text, { take: take.id, from: 0, tries: ending.tries });
  }

  /** Ends what is going on: the download, the reading of the text, or the writing. */
  stop(): void {
    const { models, notices } = this.parts;
    if (this.busy || models.opening) notices.stop("Stopped.");
    this.stopper?.abort();
    models.stop();
  }

  /** A blank page, or one with an opening; the story stays on the shelf. */
  startAgain(opening = ""): void {
    if (this.busy) return;
    this.parts.notices.dismiss();
    if (this.story) {
      this.saveNow();
      this.clear();
      this.manuscript.load(null);
    }
    this.manuscript.replaceAll(opening);
  }

  /** Takes a story of the shelf onto the desk, to go on with it. */
  takeUp(story: Story): void {
    if (this.busy) return;
    this.saveNow();
    this.clear();
    this.story = story;
    this.memory = story.memory;
    this.note = story.note;
    this.manuscript.load(story);
    this.phase = "ended";
    this.reason = lastTake(story)?.finishReason ?? null;
    this.keeping.restart(story.id);
  }

  /** The story is on the shelf no more, and is not to come back there. */
  letGo(id: string): void {
    if (this.story?.id !== id || this.busy) return;
    this.clear();
    this.manuscript.load(null);
  }

  /** Takes up what was on the desk when the page was left; the shelf has to be loaded. */
  takeUpLast(): void {
    const story = this.parts.shelf.find(readLocal(STORY_KEY) ?? "");
    if (story && this.phase === "blank" && this.text === "") this.takeUp(story);
  }

  /** Saves at once, with what waits for a frame; for a page that is about to be left. */
  saveNow(): void {
    this.frames.flush();
    this.keeping.now();
  }

  /** Another tab has changed a story or deleted it: the newest change counts, and what is being written goes on. */
  follow(id: string): void {
    if (this.story?.id !== id || this.busy) return;
    const { shelf, notices } = this.parts;
    const newer = shelf.find(id);
    if (newer && newer.changed > this.story.changed && !this.keeping.unsaved) this.takeUp(newer);
    if (!shelf.isGone(id)) return;
    this.letGo(id);
    notices.stop("This story was deleted in another tab.");
  }

  private changed(): void {
    if (this.story) this.keeping.soon();
    else if (this.manuscript.length <= KEPT_DRAFT) writeLocal(DRAFT_KEY, this.text === "" ? null : this.text);
  }

  /** Changes what the model is told beside the text. */
  remind(changed: Partial<Reminders>): void {
    Object.assign(this, changed);
    if (this.story) this.keeping.soon();
  }

  private async begin(start: typeof startAfter): Promise<void> {
    const { notices, settings, models } = this.parts;
    const asked = settings.read();
    const complaint = complaintOf(asked, this.text, this.parts.models.lent);
    if (typeof asked === "string" || complaint) {
      notices.fail(complaint);
      return;
    }
    notices.dismiss();
    const before = this.phase;
    this.phase = "preparing";
    this.manuscript.lock(true);
    this.stats = this.prefill = this.date = null;
    const stopper = (this.stopper = new AbortController());
    const ready = await models.ensureOpen();
    if (ready && stopper.signal.aborted) notices.stop("Stopped. The model is ready when you are.");
    if (!ready || !models.open || stopper.signal.aborted) {
      this.phase = before;
      this.manuscript.lock(false);
      return;
    }
    const chats = models.open.model.hasChatTemplate;
    await this.run(this.newTake(start(asked, this.manuscript, this.story, chats), models.open), stopper);
  }

  private async resume(): Promise<void> {
    const { notices, settings } = this.parts;
    const { take } = this;
    const asked = settings.read();
    if (typeof asked === "string" || !take) {
      notices.fail(complaintOf(asked, this.text, this.parts.models.lent));
      return;
    }
    notices.dismiss();
    const { maxTokens } = asked;
    this.changeTake(take, {
      settings: { ...take.settings, maxTokens: take.tokens + maxTokens },
      state: "writing",
      finishReason: null,
    });
    this.phase = "preparing";
    this.reason = null;
    this.manuscript.lock(true);
    await this.run({ kind: "continue", maxTokens }, (this.stopper = new AbortController()));
  }

  private clear(): void {
    this.frames.forget();
    this.story = this.stats = this.prefill = this.reason = this.date = this.resumable = this.budget = null;
    this.memory = "";
    this.note = NO_NOTE;
    this.phase = "blank";
    this.keeping.restart(null);
  }

  /** Begins a take, and the story where it is the first. */
  private newTake({ prompt, settings, at, tries }: Start, open: OpenModel): WriteRequest {
    const { engine, models } = this.parts;
    const take = newTake(prompt, settings, this, open, models.verdict ?? open.verdict, engine.info);
    const story = this.story ?? newStory(prompt, settings, this);
    this.story = { ...story, takes: [...story.takes, take] };
    this.place = { at, tries: [...tries, take.id] };
    this.reason = null;
    return requestFor(take, this.manuscript.segments, open.model.sessionLength);
  }

  private changeTake(take: Take, fields: Partial<Take>): void {
    if (!this.story) return;
    const takes = this.story.takes.map((each) => (each.id === take.id ? { ...each, ...fields } : each));
    this.story = { ...this.story, takes };
  }

  private async run(request: WriteRequest, stopper: AbortController): Promise<void> {
    const { engine, notices } = this.parts;
    notices.say("Reading the opening.");
    try {
      for await (const event of engine.port.write(request, stopper.signal)) this.receive(event);
      if (!this.reason) this.end("stopped", false);
    } catch (thrown) {
      notices.fail(thrown);
      this.end(stopper.signal.aborted ? "stopped" : null, false);
    }
    await this.keeping.finish();
  }

  private receive(event: WriteEvent): void {
    const { take } = this;
    if (event.kind === "started" && take) {
      const sampler = { ...take.settings.sampler, seed: event.seed };
      this.changeTake(take, { promptTokens: event.promptTokens, settings: { ...take.settings, sampler } });
      this.date = event.date;
      this.budget = event.budget;
    } else if (event.kind === "prefill") {
      this.prefill = event.done < event.total ? { done: event.done, total: event.total } : null;
    } else if (event.kind === "token") {
      this.append(event.text);
    } else if (event.kind === "stats") {
      this.stats = event.stats;
    } else if (event.kind === "finished") {
      this.stats = event.stats;
      if (event.text !== "") this.frames.add(event.text);
      this.frames.flush();
      if (this.take) this.changeTake(this.take, { tokens: event.stats.tokens, record: event.record });
      this.end(event.reason, event.canContinue);
    }
  }

  private append(text: string): void {
    if (this.phase === "preparing") {
      this.phase = "writing";
      this.parts.notices.say("Writing.");
    }
    this.frames.add(text);
  }

  private show(text: string): void {
    const { take, place } = this;
    if (!take) return;
    this.changeTake(take, { text: take.text + text });
    if (place) this.manuscript.put(place.at, text, { take: take.id, from: 0, tries: place.tries });
    else this.manuscript.append(text);
    this.place = null;
  }

  private end(reason: FinishReason | null, canContinue: boolean): void {
    this.frames.flush();
    const { notices, models } = this.parts;
    const { take } = this;
    const words = plural(countWords(take?.text ?? ""), "word");
    const nothing = take !== null && take.text === "" && (reason === null || reason === "stopped");
    this.prefill = null;
    this.reason = reason;
    if (nothing) this.forget(take);
    else if (take) {
      const tokens = this.stats?.tokens ?? take.tokens;
      this.changeTake(take, { state: "finished", finishReason: reason, tokens });
      this.resumable = canContinue && models.open ? { take: take.id, model: models.open } : null;
    }
    this.phase = this.story ? "ended" : "blank";
    this.place = null;
    this.manuscript.lock(false);
    if (nothing && reason === "stopped") notices.stop("Stopped before the first word.");
    else notices.stopped = null; // the foot of the story says so from here on
    if (!nothing && reason)
      notices.say(`${reason === "stopped" ? "Stopped" : "Finished"}: ${words} written.`);
  }

  /** A take that has no words is none. */
  private forget(take: Take): void {
    if (!this.story) return;
    const takes = this.story.takes.filter((each) => each.id !== take.id);
    this.story = takes.length > 0 ? { ...this.story, takes } : null;
  }

  /** The story as it is now; null where it has no words of the model. */
  private present(): Story | null {
    if (!this.story || this.story.takes.every((take) => take.text === "")) return null;
    // The title may have been changed on the shelf in the meantime.
    const title = this.parts.shelf.find(this.story.id)?.title ?? this.story.title;
    const { memory, note, manuscript } = this;
    const { passages } = manuscript;
    writeLocal(DRAFT_KEY, null);
    return (this.story = { ...this.story, title, memory, note, passages, changed: Date.now() });
  }
}
