// SPDX-License-Identifier: Apache-2.0
/** A client of the engine whose workers are played: what each was sent, and ways to answer. */

import { EngineClient, type WorkerLike } from "../../web/engine/client";
import type { EngineError } from "../../web/engine/errors";
import type {
  ErrorData,
  ReplyMessage,
  RequestMessage,
  WriteEvent,
  WriteRequest,
} from "../../web/engine/protocol";

export const CRASH: ErrorData = {
  code: "engine-crashed",
  message: "It stopped.",
  details: {},
  verdict: null,
};
export const SITE = "https://example.org/tales/";

export const STORY: WriteRequest = {
  kind: "new",
  prompt: "Once",
  mode: "raw",
  sampler: {
    seed: null,
    temperature: 1,
    topP: null,
    topK: null,
    minP: null,
    repeatPenalty: 1,
    repeatLastN: 64,
  },
  limits: { maxTokens: 10, stop: [] },
};

/** A worker whose part the test plays: what it was sent, and a way to answer. */
export class PlayedWorker implements WorkerLike {
  readonly received: RequestMessage[] = [];
  terminated = false;
  /** Answers a request at once, where it returns a message. */
  respond: (message: RequestMessage) => ReplyMessage | undefined = () => undefined;
  private readonly listeners = new Map<string, ((event: never) => void)[]>();

  addEventListener(type: string, listener: (event: never) => void): void {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }

  postMessage(message: unknown): void {
    const request = message as RequestMessage;
    this.received.push(request);
    const answer = this.respond(request);
    if (answer) queueMicrotask(() => this.send(answer));
  }

  terminate(): void {
    this.terminated = true;
  }

  send(message: ReplyMessage): void {
    for (const listener of this.listeners.get("message") ?? []) listener({ data: message } as never);
  }

  breakDown(): void {
    for (const listener of this.listeners.get("error") ?? []) listener(new Event("error") as never);
  }

  kinds(): string[] {
    return this.received.map((message) => message.kind);
  }
}

export function played(): { client: EngineClient; workers: PlayedWorker[]; crashes: EngineError[] } {
  const workers: PlayedWorker[] = [];
  const crashes: EngineError[] = [];
  const spawn = (): WorkerLike => {
    const worker = new PlayedWorker();
    workers.push(worker);
    return worker;
  };
  return {
    client: new EngineClient((error) => crashes.push(error), { engine: spawn, helper: spawn }, SITE),
    workers,
    crashes,
  };
}

/** The same, with a worker that has started: the next request has the number 2. */
export function running(): ReturnType<typeof played> {
  const all = played();
  void all.client.ready().catch(() => undefined);
  all.workers[0]!.send(result(1, { version: "1" }));
  all.workers[0]!.received.length = 0;
  return all;
}

export function result(id: number, value: unknown): ReplyMessage {
  return { id, kind: "result", result: value as never };
}

const token = (id: number): WriteEvent => ({ kind: "token", id, text: String(id), logprob: -1 });
const finished = (reason: string): WriteEvent => ({ kind: "finished", reason, text: "" }) as never;

/** A worker that writes a token a batch, for ever or up to a number of them. */
export function writer(most = Infinity): (message: RequestMessage) => ReplyMessage {
  let written = 0;
  return ({ id, kind }) => {
    if (kind === "start")
      return result(id, [{ kind: "started", seed: "1", promptTokens: 1, sessionLength: 8 }]);
    if (kind === "next") return result(id, written < most ? [token(written++)] : [finished("length")]);
    if (kind === "stop") return result(id, [finished("stopped")]);
    return result(id, null);
  };
}

export async function collect(events: AsyncIterable<WriteEvent>): Promise<WriteEvent[]> {
  const all: WriteEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}
