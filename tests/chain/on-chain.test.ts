// SPDX-License-Identifier: Apache-2.0
/** A model whose bytes are on the network itself, read back on the chain of somebody who only follows. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, inject, it } from "vitest";
import { blobHash } from "../../web/chain/registry/on-chain";
import { Chain } from "./chains";

interface File {
  name: string;
  sha256: string;
  sha3_256: string;
  chunks: { hash: string; size: number }[];
}

const FILES =
  '{ model(name: "stories260k") { latest { release { files { name sha256 sha3_256 chunks { hash size } } } } } }';
const CHUNK = "query($hash: DataBlobHash!) { chunk(hash: $hash) }";

describe.skipIf(!inject("network"))("a model on chain", () => {
  it("comes back chunk by chunk, equal to the file", async () => {
    const reader = await Chain.open("reader");
    try {
      await reader.follow();
      const { model } = await reader.ask<{ model: { latest: { release: { files: File[] } } } }>(FILES);
      const { files } = model.latest.release;
      expect(files.map(({ name, chunks }) => [name, chunks.length])).toEqual([
        ["stories260K.bin", 3],
        ["tok512.bin", 1],
      ]);
      for (const file of files) {
        const pieces = [];
        for (const { hash, size } of file.chunks) {
          const piece = Buffer.from((await reader.ask<{ chunk: string }>(CHUNK, { hash })).chunk, "base64");
          expect(piece.length).toBe(size);
          expect(blobHash(piece)).toBe(hash);
          pieces.push(piece);
        }
        const bytes = Buffer.concat(pieces);
        expect(bytes.equals(readFileSync(`tests/fixtures/${file.name}`))).toBe(true);
        expect(createHash("sha256").update(bytes).digest("hex")).toBe(file.sha256);
        expect(createHash("sha3-256").update(bytes).digest("hex")).toBe(file.sha3_256);
      }
    } finally {
      await reader.close();
    }
  });

  it("has no chunk that nobody published", async () => {
    const reader = await Chain.open("reader-2");
    try {
      await expect(reader.ask(CHUNK, { hash: "0".repeat(64) })).rejects.toThrow();
    } finally {
      await reader.close();
    }
  });
});
