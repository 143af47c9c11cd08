// SPDX-License-Identifier: Apache-2.0
/**
 * Who signs the blocks of the wallet's chain.
 *
 * The page's own key signs without asking. Where the person's account is in an extension, that account owns the chain, and
 * the page's key only sees to it: it copies the registry's news, so that the person is asked for what is done in the
 * account's name, and for nothing else. In: the owner that the client names, and a block's hash. Out: its signature.
 */

import { toEngineError, type EngineError } from "../../engine/errors";
import { chainError } from "../errors";
import { sameAccount } from "./extension";

/** A key that is here. */
export interface PageKey {
  address(): string;
  sign(owner: string, value: Uint8Array): Promise<string>;
}

/** An account whose key is elsewhere. */
export interface Account {
  owner: string;
  sign(value: Uint8Array): Promise<string>;
}

/** Signer of @linera/client. */
export class Signers {
  /** Why the account did not sign, which the client does not pass on; read once. */
  private refusal: EngineError | null = null;

  constructor(
    private readonly page: PageKey,
    private readonly account: Account | null,
  ) {}

  /** Whose the chain is. */
  get owner(): string {
    return this.account?.owner ?? this.page.address();
  }

  containsKey(owner: string): Promise<boolean> {
    return Promise.resolve(sameAccount(owner, this.page.address()) || sameAccount(owner, this.owner));
  }

  async sign(owner: string, value: Uint8Array): Promise<string> {
    if (!this.account || !sameAccount(owner, this.account.owner)) return this.page.sign(owner, value);
    try {
      return await this.account.sign(value);
    } catch (thrown) {
      const otherwise = chainError("signature-declined");
      this.refusal = toEngineError(thrown, otherwise.code, otherwise.message);
      throw thrown;
    }
  }

  takeRefusal(): EngineError | null {
    const { refusal } = this;
    this.refusal = null;
    return refusal;
  }
}
