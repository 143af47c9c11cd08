// SPDX-License-Identifier: Apache-2.0
/**
 * The page's part in the helpers: it starts their workers, and carries word between them and the engine.
 *
 * In: how to start one, and the engine's tasks. Out: for each helper one word, that it is ready or why it is not. The
 * engine could start them itself, as workers of its worker; but in Firefox a worker that starts one may wait for ever,
 * when the new worker begins to wait at the same moment (one condition variable serves both, and one of them is
 * woken). A page does not wait for the workers that it starts.
 */
import type { WorkerLike } from "../rpc/requests";
import type { HelperTask } from "./team";

export class Helpers {
  private workers: WorkerLike[] = [];

  constructor(private readonly spawn: (name: string) => WorkerLike) {}

  /** Helpers for these tasks, in place of those that there are. @param tell gets null when one is ready, or what failed */
  replace(tasks: HelperTask[], tell: (failure: string | null) => void): void {
    this.end();
    try {
      for (const task of tasks) {
        const worker = this.spawn(`helper ${task.index}`);
        this.workers.push(worker);
        worker.addEventListener("message", () => tell(null));
        worker.addEventListener("error", (event) =>
          tell(`a helper failed to start: ${(event as ErrorEvent).message}`),
        );
        worker.postMessage(task);
      }
    } catch (thrown) {
      tell(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  end(): void {
    for (const worker of this.workers) worker.terminate();
    this.workers = [];
  }
}
