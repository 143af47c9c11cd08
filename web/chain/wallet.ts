/**
 * The wallet's key, and the right to use it: one tab of the site at a time.
 *
 * In: whether the person agreed to keep the key. Out: a key, made by the browser's own randomness. It is in memory only,
 * unless the person agreed; then it is in IndexedDB, as it is, readable for whoever has this browser's profile.
 */

import { openDB, type DBSchema } from "idb";
import { chainError } from "./errors";

interface WalletSchema extends DBSchema {
  keys: { key: string; value: string };
}

const NAME = "taleproof-wallet";
const LOCK = "taleproof-wallet";
const KEY_BYTES = 32;

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

/** Holds the wallet for this tab until the tab is closed; refused where another tab holds it. */
export async function holdWallet(locks: LockManager = navigator.locks): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    locks
      .request(LOCK, { ifAvailable: true }, (lock) => {
        if (!lock) throw chainError("wallet-elsewhere");
        resolve();
        return new Promise(() => undefined); // until the tab is closed
      })
      .catch(reject);
  });
}

/** The key for a network, by its faucet: the kept one, or a new one, which is kept only if the person agreed. */
export async function walletKey(faucet: string, keep: boolean): Promise<string> {
  if (!keep) return makeKey();
  return inStore(async (db) => {
    const kept = await db.get("keys", faucet);
    if (kept !== undefined) return kept;
    const key = makeKey();
    await db.put("keys", key, faucet);
    return key;
  });
}

export async function keepKey(faucet: string, key: string): Promise<void> {
  await inStore((db) => db.put("keys", key, faucet));
}

export async function forgetKey(faucet: string): Promise<void> {
  await inStore((db) => db.delete("keys", faucet));
}
