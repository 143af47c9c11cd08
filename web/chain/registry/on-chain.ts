// SPDX-License-Identifier: Apache-2.0
/**
 * A file whose bytes are on the network itself, fetched by the wallet's own client with no web host.
 *
 * In: a file as the registry lists it, and a way to ask. Out: the file whole, part after part, with progress. Refused,
 * each with its own sentence: a part that the network lacks, that is not base64, that has another length than the one
 * listed, or whose bytes do not have the hash that it is listed by. The file's own digests are computed and compared by
 * the engine, as for every other file.
 */

import { keccak_256 } from "@noble/hashes/sha3";
import { cancelled, EngineError } from "../../engine/errors";
import { object, text } from "../../shared/json";
import { chainError } from "../errors";
import { dataOf, type Ask } from "./answer";
import type { Chunk, ListedFile } from "./listed";

export const CHUNK = "query($hash: DataBlobHash!) { chunk(hash: $hash) }";

/** What Linera hashes a blob with: the type's name and, in BCS, its variant for data; then the length and the bytes. */
const BLOB_TYPE = "BlobContent::";
const DATA_BLOB = 0;

const Part = object({ chunk: text });

/**
 * Fetches a file.
 * @param progress told how many bytes are there, after each part.
 */
export async function readOnChain(
  ask: Ask,
  file: ListedFile,
  progress: (bytes: number) => void,
  signal: AbortSignal,
): Promise<File> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for (const [i, chunk] of file.chunks.entries()) {
    if (signal.aborted) throw cancelled();
    const part = await readChunk(ask, chunk, `part ${i + 1} of ${file.chunks.length} of ${file.name}`);
    parts.push(part);
    bytes += part.length;
    progress(bytes);
  }
  if (signal.aborted) throw cancelled();
  return new File(parts, file.name);
}

async function readChunk(ask: Ask, chunk: Chunk, which: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = decode(await fetchChunk(ask, chunk, which), which);
  if (bytes.length !== chunk.size) {
    throw chainError("chunk-size", `${which} has ${bytes.length} bytes, and not ${chunk.size}.`);
  }
  const hash = blobHash(bytes);
  if (hash !== chunk.hash)
    throw chainError("chunk-digest", `the hash of ${which} is ${hash}, not ${chunk.hash}.`);
  return bytes;
}

async function fetchChunk(ask: Ask, { hash }: Chunk, which: string): Promise<string> {
  try {
    return dataOf(await ask(CHUNK, { hash }), Part).chunk;
  } catch (thrown) {
    if (thrown instanceof EngineError && thrown.code === "blob-missing") {
      throw chainError("blob-missing", `${which}, the blob ${hash}.`, thrown);
    }
    throw thrown;
  }
}

function decode(base64: string, which: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    throw chainError("chunk-not-base64", `${which} is not base64.`);
  }
}

/** The hash by which Linera knows bytes as a data blob (linera-base, CryptoHash of BlobContent). */
export function blobHash(bytes: Uint8Array): string {
  const hasher = keccak_256.create();
  hasher.update(BLOB_TYPE);
  hasher.update(Uint8Array.of(DATA_BLOB, ...uleb128(bytes.length)));
  hasher.update(bytes);
  return [...hasher.digest()].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A length as BCS writes it: seven bits a byte, the lowest first. */
function uleb128(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...uleb128(value >>> 7)];
}
