// SPDX-License-Identifier: Apache-2.0
/**
 * A person's own account, as a page meets it where MetaMask is installed.
 *
 * MetaMask itself is not here: a test cannot install it. This stands for it, by what the page knows of it: a provider as
 * EIP-1193 says, in the front page only and there before its scripts, with a key that stays outside of the browser, in Node,
 * and signs as EIP-191 says. What its windows would ask the person is answered by how it is set.
 */
import type { BrowserContext, Page } from "@playwright/test";
import { Wallet } from "ethers";

interface Answer {
  result?: unknown;
  error?: { code: number; message: string };
}

const DENIED = { error: { code: 4001, message: "User rejected the request." } };

export class TestExtension {
  locked = false;
  declines = false;
  /** How often the person was asked for a signature. */
  asked = 0;
  private account = Wallet.createRandom();

  static async installIn(visitor: BrowserContext): Promise<TestExtension> {
    const extension = new TestExtension();
    await visitor.exposeFunction("askExtension", (method: string, params: string[]) =>
      extension.answer(method, params),
    );
    await visitor.addInitScript(() => {
      if (window !== top) return;
      const page = window as unknown as {
        askExtension(method: string, params: string[]): Promise<Answer>;
        ethereum: object;
      };
      const listeners = new EventTarget();
      page.ethereum = {
        on: (event: string, listener: () => void) => listeners.addEventListener(event, listener),
        tell: (event: string) => listeners.dispatchEvent(new Event(event)),
        request: async ({ method, params = [] }: { method: string; params?: string[] }) => {
          const { result, error } = await page.askExtension(method, params);
          if (error) throw Object.assign(new Error(error.message), { code: error.code });
          return result;
        },
      };
    });
    return extension;
  }

  get address(): string {
    return this.account.address;
  }

  /** The person chooses another account, which is made for it. */
  async change(page: Page): Promise<void> {
    this.account = Wallet.createRandom();
    await page.evaluate(() =>
      (window as unknown as { ethereum: { tell(event: string): void } }).ethereum.tell("accountsChanged"),
    );
  }

  private async answer(method: string, [message = ""]: string[]): Promise<Answer> {
    const accounts = this.locked ? [] : [this.address.toLowerCase()];
    switch (method) {
      case "eth_chainId":
        return { result: "0x1" };
      case "eth_accounts":
        return { result: accounts };
      case "eth_requestAccounts":
        return this.locked ? DENIED : { result: accounts };
      case "personal_sign":
        this.asked += 1;
        if (this.declines || this.locked) return DENIED;
        return { result: await this.account.signMessage(Buffer.from(message.slice(2), "hex")) };
      default:
        return { error: { code: -32601, message: `there is no ${method}` } };
    }
  }
}
