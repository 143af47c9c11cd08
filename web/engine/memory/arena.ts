// SPDX-License-Identifier: Apache-2.0
/**
 * The arena: one memory for weights, cache and scratch, apart from Python's, with the kernels instantiated on it.
 *
 * In: a compiled kernels module. Out: room, windows on it, and the kernels, which memory/browser.py gives to the engine.
 * Who gets which bytes is decided there; here the memory only grows. Refused, with false: more than the device or a
 * 32-bit memory can give.
 */

import type { CompiledKernels, KernelBuild } from "./kernels";
import { Sink, type Copy, type RunningDigest } from "./sink";
import { gatherTeam, STACK_BYTES, TEAM_BYTES, type HelperLink } from "./team";

const PAGE_BYTES = 65536;
/** Enough for the kernels' own static data and stack. */
const INITIAL_PAGES = 64;
const MAXIMUM_PAGES = 65536;

export class Arena {
  readonly build: KernelBuild;
  readonly code: Uint8Array<ArrayBuffer>;
  /** Why it is not the fastest build that the browser could run, or null. */
  readonly kernelsReason: string | null;
  readonly exports: WebAssembly.Exports;
  /** The first byte that is not the kernels' own, nor their threads'. */
  base: number;
  /** Address of what the threads share (Team in kernels/run/team.c). */
  readonly team: number;
  /** How many threads there are. */
  threads = 1;
  /** How many of them the person wants; 0 for as many as are fastest. */
  threadsAsked = 0;
  private readonly memory: WebAssembly.Memory;

  constructor(kernels: CompiledKernels) {
    this.build = kernels.build;
    this.code = kernels.code;
    this.kernelsReason = kernels.reason;
    const shared = kernels.shared;
    this.memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAXIMUM_PAGES, shared });
    this.exports = new WebAssembly.Instance(kernels.module, { env: { memory: this.memory } }).exports;
    const heap = (this.exports.__heap_base as WebAssembly.Global<"i32">).value;
    this.team = Math.ceil(heap / TEAM_BYTES) * TEAM_BYTES;
    this.base = heap;
  }

  /**
   * Starts helpers until there are `threads` threads, before anything is put in the arena; only on a shared memory.
   * Tells why it did not come to that, or null.
   */
  async gather(threads: number, link: HelperLink): Promise<string | null> {
    this.base = this.team + TEAM_BYTES + (threads - 1) * STACK_BYTES;
    if (!this.ensure(this.base)) return "there is no memory for helpers";
    const { code, memory, team } = this;
    const gathered = await gatherTeam({ code, memory, team }, threads, link);
    this.threads = gathered.threads;
    return gathered.reason;
  }

  /** Bytes of the memory as it is now; it never shrinks. */
  get size(): number {
    return this.memory.buffer.byteLength;
  }

  /** Makes the memory at least `bytes` long; false where that is not possible. New bytes are zero. */
  ensure(bytes: number): boolean {
    const missing = Math.ceil((bytes - this.size) / PAGE_BYTES);
    if (missing <= 0) return true;
    try {
      this.memory.grow(missing);
      return true;
    } catch {
      return false;
    }
  }

  /** A window on the memory, valid until it grows. */
  view(offset: number, bytes: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer as ArrayBuffer, offset, bytes);
  }

  /** Copies a chunk into the memory. */
  put(offset: number, chunk: Uint8Array): void {
    this.view(offset, chunk.byteLength).set(chunk);
  }

  /** What takes a file from `offset` on; the digests are given by the addresses of their states, 0 for none. */
  sink(offset: number, room: number, sha256: number, sha3: number, copy?: Copy | null): Sink {
    const digests: RunningDigest[] = [];
    const { sha256_update, sha3_256_update } = this.exports;
    if (sha256) digests.push({ update: sha256_update as RunningDigest["update"], state: sha256 });
    if (sha3) digests.push({ update: sha3_256_update as RunningDigest["update"], state: sha3 });
    return new Sink(this, offset, room, digests, copy ?? null);
  }

  /** Sets bytes to zero, so that a second model finds the same memory as a first. */
  clear(start: number, end: number): void {
    this.view(start, end - start).fill(0);
  }
}
