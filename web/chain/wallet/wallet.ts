// SPDX-License-Identifier: Apache-2.0
/**
 * The wallet's key, and the right to use it: one tab of the site at a time.
 *
 * In: whether the person agreed to keep the key. Out: a key, made by the browser's own randomness. It is in memory only,
 * unless the person agreed; then it is in IndexedDB, as it is, readable for whoever has this browser's profile.
 */

import { openDB, type DBSchema } from "idb";
import { chainError } from "../errors";

interface WalletSchema extends DBSchema {
  keys: { key: string; value: string };
}

const NAME = "taleproof-wallet";
const LOCK = "taleproof-wallet";
const KEY_BYTES = 32;
const PATIENCE_MS = 500;

function makeKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

async function inStore<T>(work: (db: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T> {
  let db: Awaited<ReturnType<typeof open>> | null = null;
  try {
    db = await open();
    return await work(db);
  } catch (cause) {
    throw chainError("wallet-storage", "", cause);
  } finally {
    db?.close();
  }
}

function open() {
  return openDB<WalletSchema>(NAME, 1, { upgrade: (db) => void db.createObjectStore("keys") });
}

/**
 * Holds the wallet for this frame until it is gone; refused where another tab holds it. A frame that the page has just
 * closed may take a moment to let go of it.
 */
export async function holdWallet(
  locks: LockManager = navigator.locks,
  patience = PATIENCE_MS,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    locks
      .request(LOCK, { signal: AbortSignal.timeout(patience) }, () => {
        resolve();
        return new Promise(() => undefined); // until the frame is gone
      })
      .catch(() => reject(chainError("wallet-elsewhere")));
  });
}

/** What a key is kept under: its network, by the faucet, and the account whose chain it sees to, if it is no guest's. */
export function keyName(faucet: string, account: string | null): string {
  return account === null ? faucet : `${faucet} ${account.toLowerCase()}`;
}

/** The kept key of this name, or a new one, which is kept only if the person agreed. */
export async function walletKey(name: string, keep: boolean): Promise<string> {
  if (!keep) return makeKey();
  return inStore(async (db) => {
    const kept = await db.get("keys", name);
    if (kept !== undefined) return kept;
    const key = makeKey();
    await db.put("keys", key, name);
    return key;
  });
}

export async function keepKey(name: string, key: string): Promise<void> {
  await inStore((db) => db.put("keys", key, name));
}

export async function forgetKey(name: string): Promise<void> {
  await inStore((db) => db.delete("keys", name));
}
