// SPDX-License-Identifier: Apache-2.0
/**
 * How fast one thread of WebAssembly reads memory: the limit of whatever has to read all weights once.
 *
 * In: how many bytes, which should be more than the caches hold. Out: bytes a second, the best of several passes. The
 * module is written here byte by byte: `sum(begin, end)` adds up all vectors in between.
 */

const PASSES = 12;
const PAGE_BYTES = 65536;
/** A call reads so much: V8 exchanges code for faster code between calls, not within one. */
const CALL_BYTES = 1 << 20;
/** Vectors a turn of the loop, each with a sum of its own, so that no addition waits for another. */
const VECTORS = 8;

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)];
}

const section = (id: number, content: number[]): number[] => [id, ...leb(content.length), ...content];
const vectors = <T>(make: (i: number) => T[]): T[] =>
  Array.from({ length: VECTORS }, (_, i) => make(i)).flat();
const ADD = [0xfd, ...leb(0xce)]; // i64x2.add

const BODY = [
  ...[0x01, VECTORS, 0x7b], // locals 2 to 9: vectors
  ...[0x03, 0x40], // loop
  // sum[i] += load(begin + 16 * i)
  ...vectors((i) => [0x20, i + 2, 0x20, 0, 0xfd, 0x00, 4, ...leb(16 * i), ...ADD, 0x21, i + 2]),
  ...[0x20, 0, 0x41, ...[0x80 | ((16 * VECTORS) & 127), (16 * VECTORS) >> 7], 0x6a, 0x22, 0], // begin += 16 * VECTORS
  ...[0x20, 1, 0x49, 0x0d, 0, 0x0b], // again while begin < end
  ...vectors((i) => [0x20, i + 2, ...(i ? ADD : [])]),
  ...[0xfd, 0x1b, 0, 0x0b], // i32x4.extract_lane 0
];

const MODULE = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...section(1, [1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f]), // (i32, i32) -> i32
  ...section(2, [1, 1, 0x6d, 1, 0x6d, 2, 0, 1]), // memory m.m
  ...section(3, [1, 0]),
  ...section(7, [1, 3, 0x73, 0x75, 0x6d, 0, 0]), // "sum"
  ...section(10, [1, ...leb(BODY.length), ...BODY]),
]);

export function readRate(bytes: number): number {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
  new Uint8Array(memory.buffer).fill(1); // memory that was never written is not there to be read
  const { sum } = new WebAssembly.Instance(new WebAssembly.Module(MODULE), { m: { m: memory } }).exports as {
    sum: (begin: number, end: number) => number;
  };
  const size = Math.floor(bytes / CALL_BYTES) * CALL_BYTES;
  let best = Infinity;
  for (let pass = 0; pass < PASSES; pass++) {
    const began = performance.now();
    for (let at = 0; at < size; at += CALL_BYTES) sum(at, at + CALL_BYTES);
    best = Math.min(best, performance.now() - began);
  }
  return (size / best) * 1000;
}
