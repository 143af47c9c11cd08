// SPDX-License-Identifier: Apache-2.0
/** Spawns the engine's worker with clocks in it, and reads them. `timed` in the page's address says how fine they are. */
import type { WorkerLike } from "../../engine/client";
import type { Times } from "../messages";
import { query } from "../page";

let worker: Worker | null = null;

export function timedWorker(): WorkerLike {
  const name = query.get("timed") ?? "";
  worker = new Worker(new URL("./timed-worker.ts", import.meta.url), { type: "module", name });
  return worker;
}

/** What the clocks have counted since they were last read. */
export function times(): Promise<Times> {
  return new Promise((resolve, reject) => {
    if (!worker) return reject(new Error("this page's worker has no clocks"));
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event: MessageEvent<Times>) => resolve(event.data);
    worker.postMessage({ kind: "times", port: port2 }, [port2]);
  });
}
