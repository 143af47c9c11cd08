/** The wallet's frame: messages of the page in, what the wallet says out. Only the site's own page may hand it a port. */

import { toEngineError } from "../engine/errors";
import { openLedger, type Ledger } from "./client";
import { chainError } from "./errors";
import {
  HELLO,
  type ReplyMessage,
  type RequestKind,
  type RequestMessage,
  type Requests,
  type WalletInfo,
} from "./protocol";
import { forgetKey, holdWallet, keepKey, walletKey } from "./wallet";

interface Opened {
  ledger: Ledger;
  key: string;
  faucet: string;
  kept: boolean;
}

class WalletFrame {
  private held: Promise<void> | null = null;
  private opened: Opened | null = null;

  constructor(private readonly reply: (message: ReplyMessage) => void) {}

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
        return this.current().ledger.query(message.args.query, message.args.variables);
      case "keep":
        return this.keep(message.args.keep);
    }
  }

  private async connect({ network, keep }: Requests["connect"]["args"]): Promise<WalletInfo> {
    if (this.opened) return this.info();
    const step = (step: Parameters<Parameters<typeof openLedger>[2]>[0]): void =>
      this.reply({ kind: "step", step });
    this.held ??= holdWallet().catch((thrown: unknown) => {
      this.held = null;
      throw thrown;
    });
    await this.held;
    const key = await walletKey(network.faucet, keep);
    const ledger = await openLedger(network, key, step, () => this.reply({ kind: "changed" }));
    this.opened = { ledger, key, faucet: network.faucet, kept: keep };
    return this.info();
  }

  private async keep(keep: boolean): Promise<WalletInfo> {
    const { faucet, key } = this.current();
    if (keep) await keepKey(faucet, key);
    else await forgetKey(faucet);
    this.current().kept = keep;
    return this.info();
  }

  private current(): Opened {
    if (!this.opened) throw chainError("chain-unreachable");
    return this.opened;
  }

  private info(): WalletInfo {
    const { ledger, kept } = this.current();
    return { chain: ledger.chain, owner: ledger.owner, kept };
  }
}

addEventListener("message", (event) => {
  const port = event.ports[0];
  if (event.origin !== location.origin || event.source !== parent || event.data !== HELLO || !port) return;
  const frame = new WalletFrame((message) => port.postMessage(message));
  port.addEventListener("message", ({ data }: MessageEvent<RequestMessage>) => void frame.answer(data));
  port.start();
});
