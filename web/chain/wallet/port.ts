// SPDX-License-Identifier: Apache-2.0
/**
 * The wallet as the page sees it: a frame that is made when first needed.
 *
 * In: requests as protocol.ts types them. Out: promises, the steps of a connection, word of changes, and what the person's
 * own account is to sign. A failure is an EngineError whose message is meant for the person.
 */

import { cancelled, EngineError, toEngineError } from "../../engine/errors";
import { chainError } from "../errors";
import {
  HELLO,
  type ChainStep,
  type ReplyMessage,
  type RequestKind,
  type Requests,
  type SignatureMessage,
} from "./protocol";

export interface ChainListener {
  step(step: ChainStep): void;
  changed(): void;
  /** Has the person's own account sign. */
  sign(owner: string, value: Uint8Array): Promise<string>;
}

interface Pending {
  resolve: (result: never) => void;
  reject: (error: EngineError) => void;
}

export class ChainPort {
  listener: ChainListener | null = null;
  private port: Promise<MessagePort> | null = null;
  private frame: HTMLIFrameElement | null = null;
  private abandon: () => void = () => undefined;
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

  /** Closes the wallet, with all that it had begun; the next request opens another. */
  close(): void {
    this.frame?.remove();
    this.abandon();
    this.port = null;
    for (const { reject } of this.pending.values()) reject(cancelled());
    this.pending.clear();
  }

  private async open(): Promise<MessagePort> {
    const frame = (this.frame = document.createElement("iframe"));
    frame.hidden = true;
    frame.title = "Wallet";
    frame.src = new URL("chain.html", this.base).href;
    await new Promise<void>((resolve, reject) => {
      this.abandon = () => reject(cancelled());
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
    if (message.kind === "sign") return void this.sign(message);
    const pending = this.pending.get(message.id);
    this.pending.delete(message.id);
    if (message.kind === "result") pending?.resolve(message.result as never);
    else pending?.reject(new EngineError(message.error));
  }

  private async sign({ owner, value, answer }: Extract<ReplyMessage, { kind: "sign" }>): Promise<void> {
    const reply = (message: SignatureMessage): void => answer.postMessage(message);
    try {
      if (!this.listener) throw chainError("signature-declined");
      reply({ signature: await this.listener.sign(owner, value) });
    } catch (thrown) {
      const otherwise = chainError("signature-declined");
      reply({ error: toEngineError(thrown, otherwise.code, otherwise.message).toData() });
    }
  }
}
