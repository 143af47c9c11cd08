// SPDX-License-Identifier: Apache-2.0
/**
 * The engine of the built site: the workers that the site's build makes of worker/worker.ts and memory/helper.ts, and
 * the site's own files.
 *
 * In: whom to tell of a crash, and another worker where one is measured. Out: a client. What other pages use is
 * door/taleproof.ts, which finds the same files in a folder of its own.
 */

import { EngineClient, type EngineError, type WorkerLike } from "./client";

function startWorker(): WorkerLike {
  return new Worker(new URL("./worker/worker.ts", import.meta.url), {
    type: "module",
    name: "taleproof-engine",
  });
}

function startHelper(name: string): WorkerLike {
  return new Worker(new URL("./memory/helper.ts", import.meta.url), { type: "module", name });
}

export class SiteEngine extends EngineClient {
  constructor(onCrash: (error: EngineError) => void, engine: () => WorkerLike = startWorker) {
    super(onCrash, { engine, helper: startHelper }, new URL(import.meta.env.BASE_URL, document.baseURI).href);
  }
}
