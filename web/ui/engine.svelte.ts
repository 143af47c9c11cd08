/** The engine's start as the page shows it. In: the engine. Out: progress, facts about it, or a notice that it failed. */

import type { EngineClient } from "../engine/client";
import type { EngineInfo, StartProgress } from "../engine/protocol";
import type { Notices } from "./notices.svelte";

/** What the page needs of the engine. */
export type EnginePort = Pick<EngineClient, "ready" | "open" | "write" | "storage">;

export class EngineState {
  progress = $state.raw<StartProgress | null>(null);
  info = $state.raw<EngineInfo | null>(null);

  constructor(
    readonly port: EnginePort,
    private readonly notices: Notices,
  ) {}

  /** Starts the engine, so that it is ready when the person is. Safe to call at any time. */
  async start(): Promise<void> {
    if (this.info) return;
    try {
      this.info = await this.port.ready((progress) => (this.progress = progress));
    } catch (thrown) {
      this.notices.fail(thrown, { label: "Start the engine again", run: () => void this.start() });
    } finally {
      this.progress = null;
    }
  }

  /** After a crash: the next request starts a new engine. */
  crashed(): void {
    this.info = null;
    this.progress = null;
  }
}
