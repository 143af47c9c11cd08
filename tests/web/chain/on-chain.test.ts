// SPDX-License-Identifier: Apache-2.0
/** A file from the chain, part after part: what is not the part that the registry lists is refused, each with its sentence. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pieces } from "../../../scripts/lib/chain/on-chain.mjs";
import { chainError } from "../../../web/chain/errors";
import type { ListedFile } from "../../../web/chain/registry/listed";
import { blobHash, CHUNK, readOnChain } from "../../../web/chain/registry/on-chain";
import type { Json } from "../../../web/engine/protocol";

const TOKENIZER = readFileSync("tests/fixtures/tok512.bin");
/** What `linera publish-data-blob` says of it. */
const TOKENIZER_HASH = "8b2bbb2115572896e40da9c8dc05c08af84b377eed0a1b2759f3ff4e4da3acf8";
const PARTS = pieces(TOKENIZER, 2500);

function listed(change: Partial<ListedFile> = {}): ListedFile {
  const digest = (algorithm: string) => createHash(algorithm).update(TOKENIZER).digest("hex");
  return {
    role: "TOKENIZER",
    name: "tok512.bin",
    size: TOKENIZER.length,
    sha256: digest("sha256"),
    sha3_256: digest("sha3-256"),
    urls: [],
    chunks: PARTS.map((part) => ({ hash: blobHash(part), size: part.length })),
    ...change,
  };
}

const saying = (chunk: Json) => JSON.stringify({ data: { chunk } });

/** The network: its blobs by their hashes. */
async function network(_query: string, { hash }: { [key: string]: Json }): Promise<string> {
  const part = PARTS.find((one) => blobHash(one) === hash);
  if (!part) throw chainError("blob-missing", "a part of it.");
  return saying(part.toString("base64"));
}

const read = (ask: typeof network, file = listed()) =>
  readOnChain(ask, file, () => undefined, new AbortController().signal);

describe("the hash of a blob", () => {
  it("is Linera's own", () => expect(blobHash(TOKENIZER)).toBe(TOKENIZER_HASH));
});

describe("readOnChain", () => {
  it("asks for each part in its turn, and tells how far it is", async () => {
    const asked: Json[] = [];
    const told: number[] = [];
    const file = await readOnChain(
      async (query, variables) => {
        asked.push([query, variables]);
        return network(query, variables);
      },
      listed(),
      (bytes) => told.push(bytes),
      new AbortController().signal,
    );
    expect(Buffer.from(await file.arrayBuffer()).equals(TOKENIZER)).toBe(true);
    expect(file.name).toBe("tok512.bin");
    expect(asked).toEqual(listed().chunks.map(({ hash }) => [CHUNK, { hash }]));
    expect(told).toEqual([2500, 5000, TOKENIZER.length]);
  });

  it("stops between two parts", async () => {
    const stopper = new AbortController();
    const told: number[] = [];
    const stopped = readOnChain(
      network,
      listed(),
      (bytes) => {
        told.push(bytes);
        stopper.abort();
      },
      stopper.signal,
    );
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    expect(told).toEqual([2500]);
  });

  it("says which part the network lacks", async () => {
    const [first, second] = listed().chunks;
    const chunks = [first!, { ...second!, hash: "0".repeat(64) }];
    await expect(read(network, listed({ chunks }))).rejects.toMatchObject({
      code: "blob-missing",
      message: expect.stringContaining(`part 2 of 2 of tok512.bin, the blob ${"0".repeat(64)}`),
    });
  });

  it("says that a part has another length than the one listed", async () => {
    const [first, ...others] = listed().chunks;
    const chunks = [{ ...first!, size: 2499 }, ...others];
    await expect(read(network, listed({ chunks }))).rejects.toMatchObject({
      code: "chunk-size",
      message: expect.stringContaining("part 1 of 3 of tok512.bin has 2500 bytes, and not 2499."),
    });
  });

  it.each([
    ["other bytes", saying(Buffer.alloc(2500).toString("base64")), "chunk-digest"],
    ["what is not base64", saying("{}"), "chunk-not-base64"],
    ["something that is no text", saying(7), "registry-invalid"],
    ["an error of GraphQL", '{"errors":[{"message":"No."}]}', "registry-refused"],
  ])("refuses %s", async (_what, json, code) => {
    await expect(read(async () => json)).rejects.toMatchObject({ code });
  });
});
