// SPDX-License-Identifier: Apache-2.0
/** A file's way into the arena: what is put, hashed and kept of each piece. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Arena } from "../../web/engine/memory/arena";

const FILE = new Uint8Array(readFileSync("tests/fixtures/tok512.bin"));
const code = new Uint8Array(readFileSync("build/kernels/baseline.wasm"));

function arena(): Arena {
  const made = new Arena({
    build: "baseline",
    code,
    reason: null,
    shared: false,
    module: new WebAssembly.Module(code),
  });
  made.ensure(made.base + 8192 + FILE.length);
  return made;
}

/** A running digest in the arena: its state, and what it comes to. */
function running(on: Arena, name: "sha256" | "sha3_256", state: number): () => string {
  const kernel = (what: string): ((...numbers: number[]) => number) =>
    on.exports[`${name}_${what}`] as (...numbers: number[]) => number;
  kernel("init")(state);
  return () => {
    const result = state + 1024;
    kernel("final")(state, result);
    return Buffer.from(on.view(result, 32)).toString("hex");
  };
}

const hex = (algorithm: string): string => createHash(algorithm).update(FILE).digest("hex");

describe("a sink", () => {
  test("puts, hashes and keeps each piece, whatever its length", () => {
    const on = arena();
    const [sha256, sha3] = [running(on, "sha256", on.base), running(on, "sha3_256", on.base + 4096)];
    const kept: number[] = [];
    const copy = { write: (chunk: Uint8Array) => void kept.push(...chunk) };
    const sink = on.sink(on.base + 8192, FILE.length, on.base, on.base + 4096, copy);
    for (let at = 0, length = 1; at < FILE.length; at += length, length = ((length * 7) % 1001) + 1)
      sink.take(FILE.subarray(at, at + length));
    expect(on.view(on.base + 8192, FILE.length)).toEqual(FILE);
    expect(new Uint8Array(kept)).toEqual(FILE);
    expect([sha256(), sha3()]).toEqual([hex("sha256"), hex("sha3-256")]);
  });

  test("takes no more than there is room for, and the rest once there is more", () => {
    const on = arena();
    const sha256 = running(on, "sha256", on.base);
    const sink = on.sink(on.base + 8192, 100, on.base, 0);
    expect(sink.take(FILE)).toBe(100);
    expect(sink.take(FILE.subarray(100))).toBe(0);
    expect(on.view(on.base + 8192 + 100, 10)).toEqual(new Uint8Array(10));
    sink.extend(FILE.length - 100);
    expect(sink.take(FILE.subarray(100))).toBe(FILE.length - 100);
    expect(sha256()).toBe(hex("sha256"));
  });

  test("reads a stored file, which is hashed and not kept once more", () => {
    const on = arena();
    const sha256 = running(on, "sha256", on.base);
    const write = (): never => {
      throw new Error("it is kept already");
    };
    const sink = on.sink(on.base + 8192, FILE.length, on.base, 0, { write });
    const stored = {
      read: (into: Uint8Array, offset: number): number => {
        const piece = FILE.subarray(offset, offset + into.length);
        into.set(piece);
        return piece.length;
      },
    };
    for (let at = 0; at < FILE.length; at += 1000) sink.read(stored, at, Math.min(1000, FILE.length - at));
    expect(on.view(on.base + 8192, FILE.length)).toEqual(FILE);
    expect(sha256()).toBe(hex("sha256"));
  });
});
