/** Which model the person chose, and the request that opens it. In: an entry, a file, an address. Out: a Choice. */

import type { ModelSource, OpenRequest, StoredModel } from "../engine/protocol";
import { catalogueRequest, type CatalogueModel } from "./catalogue";

export interface Choice {
  name: string;
  /** The entry of the catalogue, or null for a file of the person's own. */
  entry: CatalogueModel | null;
  request: OpenRequest;
}

export function chooseEntry(entry: CatalogueModel): Choice {
  return { name: entry.name, entry, request: catalogueRequest(entry) };
}

/** A file of the person's own, from wherever it is. */
export function chooseOwn(source: ModelSource, tokenizer: ModelSource | null): Choice {
  const pinned = null;
  return {
    name: sourceName(source),
    entry: null,
    request: { source, pinned, tokenizer: tokenizer ? { source: tokenizer, pinned } : null },
  };
}

/** A file that this browser kept after it was accepted once; nobody vouches for it today either. */
export function chooseStored({ sha256, name }: StoredModel): Choice {
  return { ...chooseOwn({ kind: "stored", sha256 }, null), name };
}

export function sourceName(source: ModelSource): string {
  if (source.kind === "file") return source.file.name;
  if (source.kind === "stored") return "A file kept in this browser";
  const path = URL.canParse(source.url) ? new URL(source.url).pathname : "";
  return source.name ?? (path.split("/").pop() || source.url);
}

/** The same request, with the digest of one of its files accepted. */
export function withAcceptance(
  request: OpenRequest,
  role: "model" | "tokenizer",
  sha256: string,
): OpenRequest {
  if (role === "model") return { ...request, accept: sha256 };
  return { ...request, tokenizer: request.tokenizer ? { ...request.tokenizer, accept: sha256 } : null };
}
