// SPDX-License-Identifier: Apache-2.0
/** The wallet's frame: messages of the page in, what the wallet says out. Only the site's own page may hand it a port. */

import { EngineError, toEngineError } from "../../engine/errors";
import { chainError } from "../errors";
import { openLedger, type Ledger } from "./client";
import {
  HELLO,
  type ChainStep,
  type ReplyMessage,
  type RequestKind,
  type RequestMessage,
  type Requests,
  type SignatureMessage,
  type WalletInfo,
} from "./protocol";
import type { Account } from "./signers";
import { forgetKey, holdWallet, keepKey, keyName, walletKey } from "./wallet";

interface Opened {
  ledger: Ledger;
  key: string;
  keyName: string;
  kept: boolean;
  outside: boolean;
}

class WalletFrame {
  private held: Promise<void> | null = null;
  private opened: Opened | null = null;

  constructor(private readonly reply: (message: ReplyMessage, transfer?: Transferable[]) => void) {}

  async answer(message: RequestMessage): Promise<void> {
    const { id } = message;
    try {
      this.reply({ id, kind: "result", result: await this.perform(message) });
    } catch (thrown) {
      const error = toEngineError(thrown, "chain-unreachable", chainError("chain-unreachable").message);
      this.reply({ id, kind: "error", error: error.toData() });
    }
  }

  private perform(message: RequestMessage): Promise<Requests[RequestKind]["result"]> {
    switch (message.kind) {
      case "connect":
        return this.connect(message.args);
      case "query":
        return this.query(message.args);
      case "keep":
        return this.keep(message.args.keep);
    }
  }

  private async connect({ network, keep, account }: Requests["connect"]["args"]): Promise<WalletInfo> {
    if (this.opened) return this.info();
    const step = (step: ChainStep): void => this.reply({ kind: "step", step });
    this.held ??= holdWallet().catch((thrown: unknown) => {
      this.held = null;
      throw thrown;
    });
    await this.held;
    const outside = account === null ? null : this.outside(account);
    const name = keyName(network.faucet, account);
    // An account that is elsewhere lets a key of the page in by a signature: the key is kept, so as to ask for it once.
    const kept = keep || outside !== null;
    const key = await walletKey(name, kept);
    const changed = (): void => this.reply({ kind: "changed" });
    const ledger = await openLedger(network, key, outside, step, changed);
    this.opened = { ledger, key, keyName: name, kept, outside: outside !== null };
    return this.info();
  }

  private query({ query, variables, tend }: Requests["query"]["args"]): Promise<string> {
    const { ledger } = this.current();
    return tend ? ledger.tend(query, variables) : ledger.query(query, variables);
  }

  /** The account, whose signatures the page has to get. */
  private outside(owner: string): Account {
    const sign = (value: Uint8Array): Promise<string> =>
      new Promise((resolve, reject) => {
        const { port1, port2 } = new MessageChannel();
        port1.addEventListener("message", ({ data }: MessageEvent<SignatureMessage>) => {
          port1.close();
          if ("signature" in data) resolve(data.signature);
          else reject(new EngineError(data.error));
        });
        port1.start();
        this.reply({ kind: "sign", owner, value, answer: port2 }, [port2]);
      });
    return { owner, sign };
  }

  private async keep(keep: boolean): Promise<WalletInfo> {
    const { keyName, key } = this.current();
    if (keep) await keepKey(keyName, key);
    else await forgetKey(keyName);
    this.current().kept = keep;
    return this.info();
  }

  private current(): Opened {
    if (!this.opened) throw chainError("chain-unreachable");
    return this.opened;
  }

  private info(): WalletInfo {
    const { ledger, kept, outside } = this.current();
    return { chain: ledger.chain, owner: ledger.owner, kept, outside };
  }
}

addEventListener("message", (event) => {
  const port = event.ports[0];
  if (event.origin !== location.origin || event.source !== parent || event.data !== HELLO || !port) return;
  const frame = new WalletFrame((message, transfer = []) => port.postMessage(message, transfer));
  port.addEventListener("message", ({ data }: MessageEvent<RequestMessage>) => void frame.answer(data));
  port.start();
});
