// SPDX-License-Identifier: Apache-2.0
/**
 * Where a model comes from and what vouches for its bytes, as a program says it.
 *
 * In: an address or a file, with the digest that it must have. Out: the engine's OpenRequest. Refused: a digest in
 * another form than "sha256:..." or "sha3-256:...", and a source that is neither an address nor a file.
 */

import { EngineError } from "../errors";
import type { Digests, ExpectedDigests, FileRequest, NamedDigests, OpenRequest, Role } from "../protocol";

/** One file: an address or a File, and the digest that its bytes must have. */
export interface FileSource {
  /** Counts from the page where it is relative. */
  url?: string | URL | undefined;
  file?: File | undefined;
  /** "sha256:" or "sha3-256:" and 64 hexadecimal digits. Without it nobody vouches for the file, and `approve` decides. */
  expect?: string | undefined;
  /** What the file is called, where its address does not tell. */
  name?: string | undefined;
}

/** All files of a model. */
export interface ModelSource extends FileSource {
  /** The other files of a model in several, each with its own digest. */
  files?: FileSource[] | undefined;
  /** A tokenizer.bin for a llama2.c model, which has none of its own. */
  tokenizer?: FileSource | undefined;
}

/** What the model is for: to write, or to make vectors of texts. */
export type Purpose = "write" | "embed";

/** A file that nobody vouches for: what it is, and what its bytes are. */
export interface UnverifiedFile extends Digests {
  role: "model" | "tokenizer";
  name: string;
  /** Each file, of a model in several; then the digests above are those of their list. */
  files: NamedDigests[];
}

export function expectedDigests(expect: string): ExpectedDigests {
  const [, algorithm, digest] = /^(sha256|sha3-256):([0-9a-f]{64})$/i.exec(expect) ?? [];
  if (algorithm === undefined || digest === undefined) {
    throw new EngineError({
      code: "invalid-expect",
      message:
        `"${expect}" is no digest. Write "sha256:" and 64 hexadecimal digits, as sha256sum prints them, ` +
        'or "sha3-256:" and 64.',
      details: { expect },
    });
  }
  const key = algorithm.toLowerCase() === "sha256" ? "sha256" : "sha3_256";
  return { sha256: null, [key]: digest.toLowerCase() };
}

/** @param base what relative addresses count from. */
export function openRequest(source: ModelSource, purpose: Purpose, base: string): OpenRequest {
  const { files = [], tokenizer } = source;
  const sources = [source, ...files].map((file) => fileRequest("model", file, base));
  if (tokenizer) sources.push(fileRequest("tokenizer", tokenizer, base));
  return { sources, purpose };
}

function fileRequest(role: Role, { url, file, expect, name }: FileSource, base: string): FileRequest {
  const pinned = expect === undefined ? null : expectedDigests(expect);
  if (file !== undefined) return { role, source: { kind: "file", file }, pinned };
  if (url !== undefined) {
    return { role, source: { kind: "url", url: address(url, base), ...named(name) }, pinned };
  }
  throw new EngineError({
    code: "no-source",
    message: "A model is opened from an address or a file: give `url` or `file`.",
  });
}

function named(name: string | undefined): { name?: string } {
  return name === undefined ? {} : { name };
}

function address(url: string | URL, base: string): string {
  try {
    return new URL(url, base).href;
  } catch {
    throw new EngineError({
      code: "invalid-url",
      message: `"${String(url)}" is no address. Write a whole one, or one that counts from the page.`,
      details: { url: String(url) },
    });
  }
}
