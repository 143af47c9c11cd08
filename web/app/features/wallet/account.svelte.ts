// SPDX-License-Identifier: Apache-2.0
/**
 * Whose account the wallet has: a guest's, made in this page, or the person's own in MetaMask.
 *
 * In: the page's extension, where there is one, and the person's choice, which is remembered. Out: the account that owns the
 * wallet's chain, and its signatures, with word of when one is waited for.
 */

import { chainError } from "../../../chain/errors";
import { Extension, sameAccount } from "../../../chain/wallet/extension";
import type { EngineError } from "../../../engine/errors";
import { readLocal, writeLocal } from "../../lib/local";

const ACCOUNT_KEY = "taleproof.account";

export class AccountChoice {
  /** Whether the person's own account is chosen. */
  outside = $state(false);
  /** Whether the extension is asking the person for a signature. */
  signing = $state(false);

  /** @param extension null where the browser has none. */
  constructor(readonly extension: Extension | null) {
    this.outside = extension !== null && readLocal(ACCOUNT_KEY) === "metamask";
  }

  choose(outside: boolean): void {
    this.outside = outside;
    writeLocal(ACCOUNT_KEY, outside ? "metamask" : null);
  }

  /**
   * The account that is to own the chain; null for a guest's.
   * @param ask whether the extension may come up.
   */
  async owner(ask: boolean): Promise<string | null> {
    return this.outside && this.extension ? this.extension.account(ask) : null;
  }

  readonly sign = async (owner: string, value: Uint8Array): Promise<string> => {
    if (!this.extension) throw chainError("wallet-locked");
    this.signing = true;
    try {
      return await this.extension.sign(owner, value);
    } finally {
      this.signing = false;
    }
  };

  /** What is wrong with the account that has a chain open, while the extension shows others. */
  async mismatch(owner: string): Promise<EngineError | null> {
    const [chosen] = (await this.extension?.accounts()) ?? [];
    return chosen === undefined || sameAccount(chosen, owner) ? null : chainError("wallet-account-changed");
  }
}
