// SPDX-License-Identifier: Apache-2.0
/**
 * A token's story written again, from nothing but its receipt.
 *
 * In: the receipt, and where its model is looked for. Out: the text as it comes, and whether it is the story: its tokens,
 * by their digest. Where the receipt's story goes on beyond its last token, its writer stopped it there, and this one is
 * cut at the same place. A story at the desk is left alone: while it is being written, this waits for nobody and says so.
 */

import { chainError } from "../../../chain/errors";
import {
  compare,
  requestOf,
  type Outcome,
  type Retold,
  type StoryReceipt,
} from "../../../chain/stories/story-receipt";
import { cancelled, EngineError, toEngineError } from "../../../engine/errors";
import type { StoryRecord, Verdict } from "../../../engine/protocol";
import type { Choice } from "../../lib/choice";
import type { EngineState } from "../../lib/engine.svelte";
import { WET_PIECES } from "../../lib/paragraphs";
import type { Models, OpenModel } from "../model/models.svelte";
import type { Desk } from "../write/desk.svelte";
import { findModel, hasDigests, namedBy, type Places } from "./find-model";

export type RetellingPhase = "blank" | "finding" | "opening" | "reading" | "writing" | "done";

export interface RetellingParts extends Places {
  models: Models;
  engine: EngineState;
  desk: Pick<Desk, "busy">;
}

export class Retelling {
  phase = $state<RetellingPhase>("blank");
  /** The model's words so far. */
  text = $state("");
  /** Where in `text` the last pieces begin. */
  pieces = $state.raw<number[]>([]);
  tokens = $state(0);
  outcome = $state.raw<Outcome | null>(null);
  /** What is known of the bytes that write it. */
  verdict = $state.raw<Verdict | null>(null);
  problem = $state.raw<EngineError | null>(null);
  private stopped = false;

  constructor(
    private readonly receipt: StoryReceipt,
    private readonly parts: RetellingParts,
  ) {}

  get busy(): boolean {
    return this.phase !== "blank" && this.phase !== "done";
  }

  /** @param given a model of the person's own choice; without one it is looked for. */
  async write(given: Choice | null = null): Promise<void> {
    if (this.busy) return;
    this.clear();
    try {
      this.refuseWhileBusy();
      this.phase = "finding";
      const choice = given ?? (await findModel(this.receipt, this.parts));
      if (this.stopped) throw cancelled();
      this.refuseWhileBusy(); // somebody may have been quicker
      this.phase = "opening";
      const { models, engine } = this.parts;
      void engine.start();
      const retold = await models.lend(choice, this.receipt.limits.context, (open, signal) =>
        this.run(open, signal),
      );
      if (!retold) throw cancelled();
      this.outcome = await compare(this.receipt, retold);
      this.phase = "done";
    } catch (thrown) {
      this.phase = "blank";
      this.problem = toEngineError(
        thrown,
        "unexpected",
        "The story could not be written again. Try once more.",
      );
    }
  }

  stop(): void {
    this.stopped = true;
    if (this.busy && this.phase !== "finding") this.parts.models.stop();
  }

  private clear(): void {
    this.text = "";
    this.pieces = [];
    this.tokens = 0;
    this.stopped = false;
    this.outcome = this.verdict = this.problem = null;
  }

  private refuseWhileBusy(): void {
    const { desk, models } = this.parts;
    const where = desk.busy || models.opening ? "at the desk" : models.lent ? "of another token" : null;
    if (where === null) return;
    const message = `A story is being written ${where}. Let it end, or stop it there; then write this one.`;
    throw new EngineError({ code: "busy", message });
  }

  private async run(open: OpenModel, signal: AbortSignal): Promise<Retold> {
    const { receipt } = this;
    if (!hasDigests(open.model, receipt)) throw chainError("receipt-file-differs", namedBy(receipt));
    this.verdict = open.verdict;
    this.phase = "reading";
    const ids: number[] = [];
    let record: StoryRecord | null = null;
    for await (const event of this.parts.engine.port.write(requestOf(receipt), signal)) {
      if (event.kind === "token") {
        if (ids.length === receipt.tokenCount) break; // its writer stopped it here
        ids.push(event.id);
        this.tokens = ids.length;
        this.phase = "writing";
        this.append(event.text);
      } else if (event.kind === "finished") {
        if (event.reason === "stopped") throw cancelled();
        this.append(event.text);
        record = event.record;
      }
    }
    return { ids, record };
  }

  private append(text: string): void {
    if (text === "") return;
    this.pieces = [...this.pieces, this.text.length].slice(-WET_PIECES);
    this.text += text;
  }
}
