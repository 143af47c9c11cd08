// SPDX-License-Identifier: Apache-2.0
/**
 * The wallet of an extension, MetaMask: its account signs, and its key never leaves it.
 *
 * In: what the extension puts into the page. Out: the account that it shows this site, and signatures of that account.
 * Refused, each with its sentence: an extension that is locked or shows no account, another account than the one that is
 * to sign, a signature that the person declines. It is asked from the front page and not from the wallet's frame: there
 * the person clicked, and there alone every such extension is.
 */

import type { Signer } from "@linera/metamask";
import { chainError } from "../errors";

/** EIP-1193, as far as it is used. */
export interface Provider {
  request(call: { method: string }): Promise<unknown>;
  on(event: "accountsChanged", told: () => void): unknown;
}

export type ExtensionSigner = Pick<Signer, "sign" | "address">;

/** Of an earlier version than the client, which package.json has it share: the newest that there is knows the same signer. */
const loadSigner = async (): Promise<ExtensionSigner> => new (await import("@linera/metamask")).Signer();

export function sameAccount(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

export class Extension {
  private signer: Promise<ExtensionSigner> | null = null;

  /** @param load of the code that speaks to the provider; for tests. */
  constructor(
    private readonly provider: Provider,
    private readonly load = loadSigner,
  ) {}

  /** The page's extension; null where there is none. */
  static find(page: object): Extension | null {
    const { ethereum } = page as { ethereum?: Provider };
    return ethereum ? new Extension(ethereum) : null;
  }

  /** @param told when the person locks it, or chooses another account. */
  onAccounts(told: () => void): void {
    this.provider.on("accountsChanged", told);
  }

  /** The accounts that this site is shown, the chosen one first; none while it is locked. The person is asked nothing. */
  async accounts(): Promise<string[]> {
    const accounts = await this.provider.request({ method: "eth_accounts" }).catch(() => []);
    return Array.isArray(accounts) ? accounts.filter((account) => typeof account === "string") : [];
  }

  /**
   * The account that is to sign.
   * @param ask whether the extension may come up and ask the person for one.
   */
  async account(ask: boolean): Promise<string> {
    const [chosen] = await this.accounts();
    if (chosen !== undefined) return chosen;
    if (!ask) throw chainError("wallet-locked");
    try {
      return await (await this.speaker()).address();
    } catch (cause) {
      throw chainError("wallet-locked", "", cause);
    }
  }

  /** Has the person sign, as EIP-191 says. */
  async sign(owner: string, bytes: Uint8Array): Promise<string> {
    try {
      return await (await this.speaker()).sign(owner, bytes);
    } catch (cause) {
      // Its words for this differ from extension to extension; what it shows the site does not.
      const shown = await this.accounts();
      if (shown.length === 0) throw chainError("wallet-locked", "", cause);
      if (!shown.some((account) => sameAccount(account, owner)))
        throw chainError("wallet-account-changed", "", cause);
      throw chainError("signature-declined", "", cause);
    }
  }

  private speaker(): Promise<ExtensionSigner> {
    return (this.signer ??= this.load());
  }
}
