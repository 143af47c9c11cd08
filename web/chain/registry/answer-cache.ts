// SPDX-License-Identifier: Apache-2.0
/**
 * The registry's last verified answers, kept in this browser, for when the chain cannot be asked.
 *
 * In: answers with what they are about. Out: the same, with the time at which they were read. A browser that keeps nothing
 * is no error: then there is no last answer.
 */

import { openDB, type DBSchema } from "idb";
import type { RegistryAnswer, RegistryAnswers } from "../../engine/protocol";
import type { Network } from "../network";
import type { RegistryLookup } from "./registry";

interface Kept {
  answers: RegistryAnswers;
  /** ISO 8601. */
  read: string;
}

interface CacheSchema extends DBSchema {
  answers: { key: string; value: Kept };
}

/** An answer holds for this registry and these very files. */
function keyOf(network: Network, { name, model, tokenizer }: RegistryLookup): string {
  return [network.application, network.homeChain, name, model, tokenizer ?? ""].join(" ");
}

async function inStore<T>(work: (db: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T | null> {
  try {
    const db = await open();
    return await work(db).finally(() => db.close());
  } catch {
    return null;
  }
}

function open() {
  return openDB<CacheSchema>("taleproof-registry", 1, {
    upgrade: (db) => void db.createObjectStore("answers"),
  });
}

export async function rememberAnswers(
  network: Network,
  lookup: RegistryLookup,
  answers: RegistryAnswers,
): Promise<void> {
  const kept = { answers, read: new Date().toISOString() };
  await inStore((db) => db.put("answers", kept, keyOf(network, lookup)));
}

/** The last answers, each with its age and why there are no newer ones; null where there are none. */
export async function lastAnswers(
  network: Network,
  lookup: RegistryLookup,
  why: string,
): Promise<RegistryAnswers | null> {
  const kept = await inStore((db) => db.get("answers", keyOf(network, lookup)));
  if (!kept) return null;
  const aged = (answer: RegistryAnswer): RegistryAnswer => ({
    ...answer,
    as_of: kept.read,
    reason: answer.status === "revoked" ? answer.reason : why,
  });
  const { model, tokenizer } = kept.answers;
  return { model: model && aged(model), tokenizer: tokenizer && aged(tokenizer) };
}
