// SPDX-License-Identifier: Apache-2.0
/**
 * Where the model of a receipt is to be had.
 *
 * In: the digests of its files. Out: a Choice: the open model, an entry of the site's list, a version of the registry, a file
 * kept in this browser, the first of these that there is. Their bytes are the same; who vouches for them comes first.
 * Refused: files that nobody here knows, and those that the registry withdrew, kept here or not.
 */

import { chainError } from "../../../chain/errors";
import { findVersion, type ListedVersion } from "../../../chain/registry/listed";
import type { FileRequest, ModelInfo, Role, StoredModel } from "../../../engine/protocol";
import { chooseEntry, chooseListed, chooseOwn, own, type Choice } from "../../lib/choice";
import type { EngineState } from "../../lib/engine.svelte";
import type { Models } from "../model/models.svelte";
import type { Chain } from "../wallet/chain.svelte";

/** SHA-256 of the model's file, and of the tokenizer's where it has one of its own. */
export interface ModelDigests {
  model: string;
  tokenizer: string | null;
}

/** Where it is looked for. */
export interface Places {
  models: Pick<Models, "open" | "catalogue">;
  engine: Pick<EngineState, "port">;
  chain: Pick<Chain, "follow" | "query" | "network">;
}

export async function findModel(expected: ModelDigests, { models, engine, chain }: Places): Promise<Choice> {
  if (models.open && hasDigests(models.open.model, expected)) return models.open.choice;
  const entry = models.catalogue.find(
    ({ model, tokenizer }) =>
      model.sha256 === expected.model && (tokenizer?.sha256 ?? null) === expected.tokenizer,
  );
  if (entry) return chooseEntry(entry);
  const kept = fromKept(expected, (await engine.port.storage()).models);
  const version = await inRegistry(expected, chain).catch((thrown: unknown) => {
    if (!kept) throw thrown;
    return null; // the chain is out of reach, and the file is here
  });
  if (version && version.revoked !== null) throw chainError("receipt-model-revoked", version.revoked);
  const choice = (version && chooseListed(version)) ?? kept;
  if (!choice) throw chainError("receipt-model-missing", namedBy(expected));
  return choice;
}

/** Whether a model that is open is the one. */
export function hasDigests({ digests, tokenizer }: ModelInfo, expected: ModelDigests): boolean {
  return digests.sha256 === expected.model && (tokenizer?.sha256 ?? null) === expected.tokenizer;
}

/** The digests of the files, as the end of a sentence. */
export function namedBy({ model, tokenizer }: ModelDigests): string {
  return tokenizer === null ? `${model}.` : `${model}, and ${tokenizer} of its tokenizer.`;
}

function fromKept({ model, tokenizer }: ModelDigests, kept: readonly StoredModel[]): Choice | null {
  const stored = (role: Role, sha256: string): FileRequest | null => {
    const file = kept.find((one) => one.sha256 === sha256);
    return file ? own(role, { kind: "stored", sha256, name: file.name }) : null;
  };
  const weights = stored("model", model);
  if (tokenizer === null) return weights && chooseOwn([weights]);
  const words = stored("tokenizer", tokenizer);
  return weights && words && chooseOwn([weights, words]);
}

async function inRegistry(expected: ModelDigests, chain: Places["chain"]): Promise<ListedVersion | null> {
  await chain.follow();
  return chain.network && findVersion(chain.query, chain.network, expected);
}
