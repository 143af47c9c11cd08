// SPDX-License-Identifier: Apache-2.0
/**
 * Finds stories by what they mean: an encoder in an engine of its own, beside the one that writes.
 *
 * In: a search, or a story. Out: the stories that are near, and on the way there a question, progress and a verdict. The
 * model is fetched only once the person has agreed to its size, and is checked like any other. A story's vector is kept
 * with it, so that the engine is started only for what has none yet; `rest` ends it and gives its memory back.
 */

import type { EngineClient } from "../../../engine/client";
import { cancelled, EngineError } from "../../../engine/errors";
import type { LoadProgress, Verdict } from "../../../engine/protocol";
import { bytesOf, catalogueRequest, fetchEmbedder, type CatalogueModel } from "../../lib/catalogue";
import { readLocal, writeLocal } from "../../lib/local";
import type { Notices } from "../../lib/notices.svelte";
import { readingText, type Story } from "../../lib/story";
import { loadDetail, loadFraction, loadTitle, START_STEPS } from "../../lib/words";
import { isCurrent, nearest, textDigest, type Near, type StoryVector } from "./nearness";

export type EncoderPort = Pick<EngineClient, "ready" | "open" | "embed" | "close">;

/** Where vectors are kept. */
export interface VectorStore {
  vectors(): Promise<StoryVector[]>;
  keepVector(vector: StoryVector): Promise<void>;
}

export interface Step {
  title: string;
  detail: string;
  /** Null where nobody knows. */
  fraction: number | null;
}

interface Kept {
  story: Story;
  vector: Float32Array;
}

const AGREED_KEY = "taleproof.meaning";

/** Below it two stories of this encoder's have little in common, and a search has little to do with a story. */
const LIKE_FLOOR = 0.4;
const SEARCH_FLOOR = 0.2;
const MOST_LIKE = 5;
const MOST_FOUND = 20;

export class Meaning {
  /** The site's encoder; null where it has none, or until the list is here. */
  entry = $state.raw<CatalogueModel | null>(null);
  /** Asks whether the model may be fetched. */
  question = $state.raw<((yes: boolean) => void) | null>(null);
  progress = $state.raw<Step | null>(null);
  /** On the bytes of the model that is open. */
  verdict = $state.raw<Verdict | null>(null);
  busy = $state(false);

  private port: EncoderPort | null = null;
  private stopper: AbortController | null = null;
  private working: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly makeEncoder: (onCrash: (error: EngineError) => void) => EncoderPort,
    private readonly store: VectorStore,
    private readonly stories: () => Story[],
    private readonly notices: Notices,
    private readonly base: string,
  ) {}

  /** How much has to be fetched, in bytes. */
  get bytes(): number {
    return this.entry ? bytesOf(this.entry) : 0;
  }

  async load(): Promise<void> {
    try {
      this.entry ??= await fetchEmbedder(this.base);
    } catch {
      // The list of models, which is the same file, tells of it.
    }
  }

  /** The stories nearest to a few words; null where the person declined or stopped it, or it failed. */
  search(words: string): Promise<Near[] | null> {
    return this.work(async (embed, signal) => {
      const to = await embed(words);
      return nearest(to, await this.read(embed, signal), SEARCH_FLOOR, MOST_FOUND);
    });
  }

  /** The other stories that are like this one; null as in `search`. */
  like(story: Story): Promise<Near[] | null> {
    return this.work(async (embed, signal) => near(story, await this.read(embed, signal)));
  }

  /** The same from what is kept; null where a vector is missing. Starts no engine. */
  async likeAlready(story: Story): Promise<Near[] | null> {
    await this.load();
    if (!this.entry) return null;
    try {
      const { have, missing } = await this.sort();
      return missing.length === 0 ? near(story, have) : null;
    } catch {
      return null; // asking in earnest tells why
    }
  }

  stop(): void {
    this.question?.(false);
    this.stopper?.abort();
  }

  /** Ends the engine; the next question starts it anew. */
  rest(): void {
    this.stop();
    this.port?.close();
    this.port = null;
    this.verdict = null;
  }

  private async work(
    job: (embed: (text: string) => Promise<Float32Array>, signal: AbortSignal) => Promise<Near[]>,
  ): Promise<Near[] | null> {
    this.stop();
    const before = this.working;
    const { signal } = (this.stopper = new AbortController());
    const run = async (): Promise<Near[] | null> => {
      await before;
      if (signal.aborted) return null;
      this.busy = true;
      try {
        await this.load();
        const { entry } = this;
        if (!entry) throw new EngineError(NO_ENCODER);
        if (!(await this.agreed(entry))) return null;
        const port = await this.opened(entry, signal);
        return await job(async (text) => {
          if (signal.aborted) throw cancelled();
          return Float32Array.from(await port.embed(text));
        }, signal);
      } catch (thrown) {
        if (!signal.aborted) this.notices.fail(thrown);
        return null;
      } finally {
        this.busy = false;
        this.progress = null;
      }
    };
    const result = run();
    this.working = result;
    return result;
  }

  private async agreed(entry: CatalogueModel): Promise<boolean> {
    if (readLocal(AGREED_KEY) === entry.id) return true;
    try {
      const yes = await new Promise<boolean>((answer) => (this.question = answer));
      if (yes) writeLocal(AGREED_KEY, entry.id);
      return yes;
    } finally {
      this.question = null;
    }
  }

  private async opened(entry: CatalogueModel, signal: AbortSignal): Promise<EncoderPort> {
    if (this.port && this.verdict) return this.port;
    const port = (this.port ??= this.makeEncoder((error) => {
      this.port = null;
      this.verdict = null;
      this.notices.fail(error);
    }));
    let loading = false;
    const tell = (progress: LoadProgress): void => {
      loading = true;
      this.progress = {
        title: loadTitle(progress),
        detail: loadDetail(progress),
        fraction: loadFraction(progress),
      };
    };
    const starting = port.ready(({ step, fraction }) => {
      if (!loading) this.progress = { title: START_STEPS[step], detail: "", fraction };
    });
    starting.catch(() => undefined); // a failed start fails the opening too
    const result = await port.open({ ...catalogueRequest(entry), purpose: "embed" }, tell, signal);
    this.verdict = result.verdict;
    return port;
  }

  /** Every story with its vector; those that have none yet are read now. */
  private async read(embed: (text: string) => Promise<Float32Array>, signal: AbortSignal): Promise<Kept[]> {
    const { have, missing, model } = await this.sort();
    for (const [i, { story, text, digest }] of missing.entries()) {
      const detail = `${i + 1} of ${missing.length}`;
      this.progress = { title: `Reading ${story.title}`, detail, fraction: i / missing.length };
      const vector = await embed(text);
      have.push({ story, vector });
      if (!signal.aborted) await this.store.keepVector({ story: story.id, text: digest, model, vector });
    }
    return have;
  }

  private async sort(): Promise<{
    have: Kept[];
    missing: { story: Story; text: string; digest: string }[];
    model: string;
  }> {
    const model = this.entry?.model.sha256 ?? "";
    const kept = await this.store.vectors();
    const have: Kept[] = [];
    const missing = [];
    for (const story of this.stories()) {
      const text = readingText(story).trim();
      if (text === "") continue;
      const digest = await textDigest(text);
      const own = kept.find((vector) => vector.story === story.id);
      if (isCurrent(own, digest, model)) have.push({ story, vector: own.vector });
      else missing.push({ story, text, digest });
    }
    return { have, missing, model };
  }
}

const NO_ENCODER = {
  code: "no-encoder",
  message:
    "This site has no model that finds stories by what they mean. Searching for words works without one.",
};

function near(story: Story, all: Kept[]): Near[] {
  const own = all.find((each) => each.story.id === story.id);
  const others = all.filter((each) => each.story.id !== story.id);
  return own ? nearest(own.vector, others, LIKE_FLOOR, MOST_LIKE) : [];
}
