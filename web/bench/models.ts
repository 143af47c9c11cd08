// SPDX-License-Identifier: Apache-2.0
/** The models that the benchmark brings beside the product's own, as scripts/bench_models.py lists them. */

export interface ListedFile {
  name: string;
  url: string;
  sha256: string;
  bytes: number;
}

export interface ListedModel {
  /** All of its files; the first is the one that a model in a single file has. */
  files: ListedFile[];
  /** A tokenizer.bin, for a model that brings no tokenizer. */
  tokenizer?: ListedFile;
}

export async function listedModel(name: string): Promise<ListedModel> {
  const list = (await (await fetch("bench-models/models.json")).json()) as Record<string, ListedModel>;
  const model = list[name];
  if (!model) throw new Error(`no model ${name}`);
  return model;
}
