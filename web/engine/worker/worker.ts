// SPDX-License-Identifier: Apache-2.0
/**
 * The engine worker: messages in, messages out; what they mean is in host.ts.
 *
 * Requests that touch the model are answered one after the other; `init` is not kept waiting, and a request that still
 * waits for its turn can be cancelled too. Whatever leaves the engine in an unknown state is told to the page as a crash,
 * after which the page ends this worker.
 */

import { cancelled, EngineError } from "../errors";
import type {
  HelperMessage,
  ReplyMessage,
  RegistryAnswers,
  RequestKind,
  RequestMessage,
  Requests,
} from "../protocol";
import type { HelperLink } from "../memory/team";
import { EngineHost } from "./host";

const scope = self as unknown as DedicatedWorkerGlobalScope;
const helpers: HelperLink = {
  want: (tasks) => reply({ kind: "helpers", tasks }),
  report: () => undefined,
};
const host = new EngineHost(helpers);
/** Every request that has no answer yet. */
const unanswered = new Map<number, AbortController>();
/** Those that wait for their turn. */
const waiting = new Map<number, QueuedRequest>();
const registryAnswers = new Map<number, PendingAnswers>();
let queue: Promise<unknown> = Promise.resolve();

/** The registry's answers to a request that waits for them; they may come before its turn does. */
class PendingAnswers {
  settle: (answers: RegistryAnswers) => void = () => undefined;
  readonly answers = new Promise<RegistryAnswers>((resolve) => (this.settle = resolve));
}

function reply(message: ReplyMessage): void {
  scope.postMessage(message);
}

function perform(message: QueuedRequest, signal: AbortSignal): Promise<Result> {
  const { id } = message;
  switch (message.kind) {
    case "init":
      return host.init(message.args, (progress) => reply({ id, kind: "progress", progress }));
    case "open":
      return host.open(
        message.args,
        (progress) => reply({ id, kind: "progress", progress }),
        signal,
        registryAnswers.get(id)?.answers,
      );
    case "judge":
      return host.judge(message.args);
    case "start":
      return host.write(message.args);
    case "next":
      return host.next();
    case "stop":
      return host.stop();
    case "alternatives":
      return host.alternatives(message.args);
    case "embed":
      return host.embed(message.args.text);
    case "close":
      return host.close();
    case "threads":
      return host.useThreads(message.args.count);
    case "storage":
      return host.report(message.args.remove);
  }
}

type Result = Requests[RequestKind]["result"];
type QueuedRequest = Exclude<RequestMessage, { kind: "cancel" | "registry" }>;

function accept(message: QueuedRequest): void {
  const abort = new AbortController();
  unanswered.set(message.id, abort);
  if (message.kind === "init" || message.kind === "storage") void answer(message, abort.signal);
  else {
    waiting.set(message.id, message);
    queue = queue.then(() => (waiting.delete(message.id) ? answer(message, abort.signal) : undefined));
  }
}

/** A request that still waits is answered now: its turn may be long in coming. */
function cancel(id: number): void {
  const abort = unanswered.get(id);
  const message = waiting.get(id);
  abort?.abort();
  waiting.delete(id);
  if (abort && message) void answer(message, abort.signal);
}

async function answer(message: QueuedRequest, signal: AbortSignal): Promise<void> {
  const { id } = message;
  try {
    if (signal.aborted) throw cancelled();
    reply({ id, kind: "result", result: await perform(message, signal) });
  } catch (thrown) {
    if (thrown instanceof EngineError) reply({ id, kind: "error", error: thrown.toData() });
    else reply({ kind: "crash", error: broken(thrown).toData() });
  } finally {
    unanswered.delete(id);
    registryAnswers.delete(id);
  }
}

function broken(thrown: unknown): EngineError {
  return new EngineError({
    code: "engine-crashed",
    message:
      "The engine stopped working because of a fault of its own. Your stories are safe. " +
      "Open the model again; if it happens with the same text, please report it.",
    details: { cause: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) },
  });
}

scope.addEventListener("message", (event: MessageEvent<RequestMessage | HelperMessage>) => {
  const message = event.data;
  if (message.kind === "open" && message.args.asksRegistry === true)
    registryAnswers.set(message.id, new PendingAnswers());
  if (message.kind === "cancel") cancel(message.id);
  else if (message.kind === "helper") helpers.report(message.failure);
  else if (message.kind === "registry") registryAnswers.get(message.id)?.settle(message.args);
  else accept(message);
});

// A promise that nobody awaited, or an error outside of any request, leaves the engine in an unknown state.
scope.addEventListener("unhandledrejection", (event) => {
  reply({ kind: "crash", error: broken(event.reason).toData() });
});
