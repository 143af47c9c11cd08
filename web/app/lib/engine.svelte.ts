// SPDX-License-Identifier: Apache-2.0
/** The engine's start as the page shows it. In: the engine. Out: progress, facts about it, or a notice that it failed. */

import type { EngineClient } from "../../engine/client";
import type { EngineInfo, StartProgress } from "../../engine/protocol";
import { readLocal, writeLocal } from "./local";
import type { Notices } from "./notices.svelte";

const THREADS_KEY = "taleproof.threads";

/** What the page needs of the engine. */
export type EnginePort = Pick<EngineClient, "ready" | "open" | "judge" | "write" | "storage" | "useThreads">;

export class EngineState {
  progress = $state.raw<StartProgress | null>(null);
  info = $state.raw<EngineInfo | null>(null);
  /** How many threads the person wants on this device; 0 leaves it to the engine. */
  threads = $state(0);

  constructor(
    readonly port: EnginePort,
    private readonly notices: Notices,
  ) {}

  /** Starts the engine, so that it is ready when the person is. Safe to call at any time. */
  async start(): Promise<void> {
    if (this.info) return;
    try {
      const info = await this.port.ready((progress) => (this.progress = progress));
      const wanted = Number(readLocal(THREADS_KEY));
      this.threads = wanted ? await this.port.useThreads(wanted) : info.threadsAsked;
      this.info = info;
    } catch (thrown) {
      this.notices.fail(thrown, { label: "Start the engine again", run: () => void this.start() });
    } finally {
      this.progress = null;
    }
  }

  /** Uses so many threads from now on, or with 0 as many as are fastest, and remembers it. The stories stay the same. */
  async useThreads(count: number): Promise<void> {
    writeLocal(THREADS_KEY, String(count));
    try {
      this.threads = await this.port.useThreads(count);
    } catch (thrown) {
      this.notices.fail(thrown);
    }
  }

  /** After a crash: the next request starts a new engine. */
  crashed(): void {
    this.info = null;
    this.progress = null;
  }
}
