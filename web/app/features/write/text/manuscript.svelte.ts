// SPDX-License-Identifier: Apache-2.0
/**
 * The text on the desk: who wrote which part of it, and all that was done to it, which can be undone.
 *
 * In: what the person types and does, and the model's words as they come. Out: the text and its passages. It works with
 * an editor on the screen (Editor.svelte) and without one.
 */

import {
  history,
  invertedEffects,
  isolateHistory,
  redo,
  redoDepth,
  undo,
  undoDepth,
} from "@codemirror/commands";
import {
  Annotation,
  Compartment,
  EditorState,
  StateEffect,
  StateField,
  Transaction,
  type Extension,
  type TransactionSpec,
} from "@codemirror/state";
import { readingText, type Passage, type Story } from "../../../lib/story";
import { changeSegments, fromPassages, placesOf, toPassages, type Segment, type Source } from "./segments";

/** Who wrote what a transaction inserts; without it the person did. */
const wroteIt = Annotation.define<Source>();
const setSegments = StateEffect.define<readonly Segment[]>();

export const segmentsField = StateField.define<readonly Segment[]>({
  create: ({ doc }) => (doc.length > 0 ? [{ length: doc.length, source: null }] : []),
  update(segments, transaction) {
    // Of steps that are undone as one, the first one's comes last.
    const [set] = transaction.effects.filter((effect) => effect.is(setSegments)).slice(-1);
    if (set) return set.value;
    if (!transaction.docChanged) return segments;
    return changeSegments(segments, transaction.changes, transaction.annotation(wroteIt) ?? null);
  },
});

const writable = new Compartment();
const screen = new Compartment();

/** Shows a state, and gives back every new one. */
export interface Shown {
  dispatch(transaction: Transaction): void;
  setState(state: EditorState): void;
}

/** A stretch of the model's at the text's end, which may be written again. */
export interface Ending extends Source {
  start: number;
  end: number;
}

export class Manuscript {
  private shown: Shown | null = null;
  private dressed: Extension = [];
  state = $state.raw<EditorState>(this.begin([], ""));

  /** @param changed is told of every change of the text. */
  constructor(private readonly changed: () => void) {}

  get text(): string {
    return this.state.doc.toString();
  }

  get length(): number {
    return this.state.doc.length;
  }

  get segments(): readonly Segment[] {
    return this.state.field(segmentsField);
  }

  get passages(): Passage[] {
    return toPassages(this.segments, this.text);
  }

  /** The stretch at the end, where it is the model's. */
  get ending(): Ending | null {
    const last = [...placesOf(this.segments)].at(-1);
    return last?.source ? { ...last.source, start: last.start, end: last.end } : null;
  }

  get canUndo(): boolean {
    return undoDepth(this.state) > 0;
  }

  get canRedo(): boolean {
    return redoDepth(this.state) > 0;
  }

  /** Begins anew with a story; what was done before can no longer be undone. */
  load(story: Pick<Story, "passages" | "takes"> | null): void {
    this.show(story ? this.begin(story.passages, readingText(story)) : this.begin([], ""));
  }

  /** Puts the person's words in place of all there is; undo brings that back. */
  replaceAll(text: string): void {
    this.dispatch({
      changes: { from: 0, to: this.length, insert: text },
      selection: { anchor: text.length },
      annotations: isolateHistory.of("full"),
    });
  }

  /** Puts the model's words in the place of all from there on; undo brings that back. */
  put(from: number, text: string, source: Source): void {
    this.dispatch({
      changes: { from, to: this.length, insert: text },
      selection: { anchor: from + text.length },
      annotations: [wroteIt.of(source), isolateHistory.of("before")],
    });
  }

  /** Adds more words of the take that stands at the end; all of them are undone together. */
  append(text: string): void {
    const { ending } = this;
    if (!ending) throw new Error("no take stands at the end");
    this.dispatch({
      changes: { from: this.length, insert: text },
      selection: { anchor: this.length + text.length },
      annotations: [
        wroteIt.of({ ...ending, from: ending.from + ending.end - ending.start }),
        Transaction.userEvent.of("input.type.compose"), // which the history joins, however late it comes
      ],
    });
  }

  /** Whether words follow a place. */
  hasAfter(place: number): boolean {
    return place < this.length && this.state.sliceDoc(place).trim() !== "";
  }

  /** Takes out what follows a place. */
  removeAfter(place: number): void {
    this.dispatch({ changes: { from: place, to: this.length }, annotations: isolateHistory.of("full") });
  }

  /** Nobody but the model may change the text while it writes; what the person does next is undone by itself. */
  lock(locked: boolean): void {
    this.dispatch({
      effects: writable.reconfigure(EditorState.readOnly.of(locked)),
      annotations: isolateHistory.of("full"),
    });
  }

  undo(): void {
    undo({ state: this.state, dispatch: (transaction) => this.dispatch(transaction) });
  }

  redo(): void {
    redo({ state: this.state, dispatch: (transaction) => this.dispatch(transaction) });
  }

  /** Adds what the text looks like on the screen, and its keys. */
  dress(dressed: Extension): void {
    this.dressed = dressed;
    this.dispatch({ effects: screen.reconfigure(dressed) });
  }

  /** From now on the text is on the screen. */
  attach(shown: Shown): void {
    this.shown = shown;
  }

  detach(): void {
    this.shown = null;
  }

  /** Takes over what the screen shows. */
  adopt(state: EditorState): void {
    const changed = !state.doc.eq(this.state.doc);
    this.state = state;
    if (changed) this.changed();
  }

  private begin(passages: readonly Passage[], doc: string): EditorState {
    return EditorState.create({
      doc,
      selection: { anchor: doc.length },
      extensions: [
        // Every other character stays what it is, so that a take's places are the text's.
        EditorState.lineSeparator.of("\n"),
        segmentsField.init(() => fromPassages(passages)),
        history(),
        invertedEffects.of((transaction) =>
          transaction.docChanged ? [setSegments.of(transaction.startState.field(segmentsField))] : [],
        ),
        writable.of(EditorState.readOnly.of(false)),
        screen.of(this.dressed),
      ],
    });
  }

  private show(state: EditorState): void {
    this.shown?.setState(state);
    this.adopt(state);
  }

  private dispatch(spec: TransactionSpec | Transaction): void {
    const transaction = spec instanceof Transaction ? spec : this.state.update(spec);
    if (this.shown) this.shown.dispatch(transaction);
    else this.adopt(transaction.state);
  }
}
