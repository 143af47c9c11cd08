// SPDX-License-Identifier: Apache-2.0
/**
 * The open model as the registry is to have it.
 *
 * In: the model at the desk, and what its publisher says of it. Out: a draft to begin with, as far as it is known, and the
 * release that a draft makes. Refused: a model whose second digest was not computed, and one in several files.
 */

import { chainError } from "../../../chain/errors";
import type { ListedFile } from "../../../chain/registry/listed";
import type { Release } from "../../../chain/registry/publishing";
import type { Digests, ModelSource, Role } from "../../../engine/protocol";
import { sourceName, sourceOf } from "../../lib/choice";
import type { OpenModel } from "../model/models.svelte";

/** What the publisher types. */
export interface Draft {
  name: string;
  description: string;
  licence: string;
  /** Of each of the model's files, one a line. */
  addresses: string[];
}

/** A file of the model, before anybody says where it can be had. */
export interface ModelFile extends Omit<ListedFile, "sha3_256" | "urls"> {
  sha3_256: string | null;
}

const LONGEST_NAME = 64;

/** The files of the open model: the weights, and the tokenizer where it has a file of its own. */
export function filesOf({ choice, model }: OpenModel): ModelFile[] {
  const { listed, request } = choice;
  const file = (name: string, role: Role, digests: Digests | null, from?: ListedFile | null): ModelFile[] => {
    const source = sourceOf(request, role);
    if (!source || !digests) return [];
    const { sha256, sha3_256, size } = digests;
    return [{ role: name, name: sourceName(source), size, sha256, sha3_256, chunks: from?.chunks ?? [] }];
  };
  return [
    ...file("WEIGHTS", "model", model.digests, listed?.weights),
    ...file("TOKENIZER", "tokenizer", model.tokenizer, listed?.tokenizer),
  ];
}

/** What is said of the model already, by this site's list or by the registry. @param base the site's address. */
export function beginDraft(open: OpenModel, base: string): Draft {
  const { entry, listed, name, request } = open.choice;
  const sources = [sourceOf(request, "model"), sourceOf(request, "tokenizer")];
  const known = [listed?.weights.urls, listed?.tokenizer?.urls];
  return {
    name: entry?.id ?? listed?.model ?? slug(name),
    description: entry?.description ?? listed?.description ?? "",
    licence: entry?.licence.id ?? listed?.licence ?? "",
    addresses: filesOf(open).map((_file, i) => (known[i] ?? addressOf(sources[i], base)).join("\n")),
  };
}

/** The release, as it goes to the registry, which checks what it says. */
export function toRelease(open: OpenModel, { description, licence, addresses }: Draft): Release {
  const { architecture, contextLength, format } = open.model;
  if (open.model.files.length > 0) throw chainError("several-files");
  return {
    description: description.trim(),
    licence: licence.trim(),
    architecture,
    format: formatName(format),
    contextLength,
    files: filesOf(open).map((file, i) => {
      const { sha3_256 } = file;
      if (sha3_256 === null) throw chainError("digest-missing");
      return { ...file, sha3_256, urls: (addresses[i] ?? "").split(/\s+/).filter(Boolean) };
    }),
  };
}

/** As the site's list has it: "GGUF v3" is "gguf". */
export function formatName(format: string): string {
  return format.toLowerCase().split(" ", 1)[0] ?? "";
}

/** A file's name as a name of the registry: lower-case letters, digits, and between them . _ and -. */
export function slug(name: string): string {
  const plain = name.toLowerCase().replace(/\.(gguf|bin)$/, "");
  const ascii = plain.normalize("NFKD").replace(/\p{M}/gu, "").replace(/[^a-z0-9._-]+/g, "-"); // prettier-ignore
  return ascii.replace(/^[._-]+/, "").slice(0, LONGEST_NAME).replace(/[._-]+$/, ""); // prettier-ignore
}

/** The address that a file came from; one on this site is relative to it. */
function addressOf(source: ModelSource | undefined, base: string): string[] {
  if (source?.kind !== "url") return [];
  return [source.url.startsWith(base) ? source.url.slice(base.length) : source.url];
}
