// SPDX-License-Identifier: Apache-2.0
/**
 * Brings the files of a model that are on chain to where the engine can read them.
 *
 * In: a request whose sources on chain are this browser's own copies. Out: the same, in which each file that this browser
 * does not keep was fetched from the chain. A file that is kept asks nothing of the chain.
 */

import type { ListedFile, ListedVersion } from "../../../chain/registry/listed";
import { RateMeter } from "../../../engine/network/rate";
import type { FileRequest, LoadProgress, OpenRequest, StoredModel } from "../../../engine/protocol";

export type ReadOnChain = (
  file: ListedFile,
  progress: (bytes: number) => void,
  signal: AbortSignal,
) => Promise<File>;

/** @param kept what is in this browser's storage. */
export async function gather(
  request: OpenRequest,
  { weights, tokenizer }: Pick<ListedVersion, "weights" | "tokenizer">,
  kept: readonly StoredModel[],
  read: ReadOnChain,
  tell: (progress: LoadProgress) => void,
  signal: AbortSignal,
): Promise<OpenRequest> {
  const listed = { model: weights, tokenizer };
  const sources: FileRequest[] = [];
  for (const each of request.sources) {
    const file = listed[each.role];
    const isHere = each.source.kind !== "stored" || kept.some(({ sha256 }) => sha256 === file?.sha256);
    if (isHere || !file) sources.push(each);
    else
      sources.push({ ...each, source: { kind: "file", file: await read(file, meter(file, tell), signal) } });
  }
  return { ...request, sources };
}

/** Tells of a file's progress, from its first byte on. */
function meter({ name, size }: ListedFile, tell: (progress: LoadProgress) => void): (bytes: number) => void {
  const rate = new RateMeter();
  const said = (bytes: number): void => {
    rate.add(performance.now(), bytes);
    tell({
      phase: "download",
      file: `${name} from the chain`,
      bytes,
      total: size,
      rate: rate.rate,
      secondsLeft: rate.secondsLeft(size),
    });
  };
  said(0);
  return said;
}
