/**
 * The wallet as the page sees it: a frame that is made when first needed.
 *
 * In: requests as protocol.ts types them. Out: promises, the steps of a connection, and word of changes. A failure is an
 * EngineError whose message is meant for the person.
 */

import { EngineError } from "../engine/errors";
import { chainError } from "./errors";
import { HELLO, type ChainStep, type ReplyMessage, type RequestKind, type Requests } from "./protocol";

export interface ChainListener {
  step(step: ChainStep): void;
  changed(): void;
}

interface Pending {
  resolve: (result: never) => void;
  reject: (error: EngineError) => void;
}

export class ChainPort {
  listener: ChainListener | null = null;
  private port: Promise<MessagePort> | null = null;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;

  /** @param base the site's address. */
  constructor(private readonly base: string) {}

  async request<K extends RequestKind>(kind: K, args: Requests[K]["args"]): Promise<Requests[K]["result"]> {
    this.port ??= this.open();
    const port = await this.port;
    const id = this.nextId++;
    return new Promise<Requests[K]["result"]>((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      port.postMessage({ id, kind, args });
    });
  }

  private async open(): Promise<MessagePort> {
    const frame = document.createElement("iframe");
    frame.hidden = true;
    frame.title = "Wallet";
    frame.src = new URL("chain.html", this.base).href;
    await new Promise<void>((resolve, reject) => {
      frame.addEventListener("load", () => resolve());
      frame.addEventListener("error", () => reject(chainError("chain-client-failed")));
      document.body.append(frame);
    });
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", ({ data }: MessageEvent<ReplyMessage>) => this.receive(data));
    port1.start();
    frame.contentWindow?.postMessage(HELLO, location.origin, [port2]);
    return port1;
  }

  private receive(message: ReplyMessage): void {
    if (message.kind === "step") return this.listener?.step(message.step);
    if (message.kind === "changed") return this.listener?.changed();
    const pending = this.pending.get(message.id);
    this.pending.delete(message.id);
    if (message.kind === "result") pending?.resolve(message.result as never);
    else pending?.reject(new EngineError(message.error));
  }
}
