// SPDX-License-Identifier: Apache-2.0
/**
 * One file's way into the arena: each piece is put behind the last one, hashed there and kept, in one call of Python's.
 *
 * In: chunks of a download or of a chosen file, or a stored file to read from. Out: how many bytes there was room for. Where the
 * file lies, how much room it has and what is done with its digests is decided in memory/browser.py.
 */

import type { Arena } from "./arena";

/** A file that can be read straight into the arena. */
export interface Readable {
  /** Fills `into` from `offset`; returns the bytes read. */
  read(into: Uint8Array, offset: number): number;
}

/** A copy of the file in the making. */
export interface Copy {
  write(chunk: Uint8Array): void;
}

/** A running digest: a kernel, and the address of its state. */
export interface RunningDigest {
  update: (state: number, at: number, bytes: number) => void;
  state: number;
}

export class Sink {
  constructor(
    private readonly arena: Arena,
    /** Where the next byte goes. */
    private at: number,
    private room: number,
    private readonly digests: RunningDigest[],
    private readonly copy: Copy | null,
  ) {}

  /** Takes as much of a chunk as there is room for; returns how many bytes. */
  take(chunk: Uint8Array): number {
    const taken = chunk.length <= this.room ? chunk : chunk.subarray(0, this.room);
    this.arena.put(this.at, taken);
    this.copy?.write(taken);
    return this.landed(taken.length);
  }

  /** Takes bytes of a stored file, which are not kept once more; returns how many. */
  read(file: Readable, offset: number, bytes: number): number {
    return this.landed(file.read(this.arena.view(this.at, bytes), offset));
  }

  /** Has more room behind. */
  extend(bytes: number): void {
    this.room += bytes;
  }

  private landed(bytes: number): number {
    for (const { update, state } of this.digests) update(state, this.at, bytes);
    this.at += bytes;
    this.room -= bytes;
    return bytes;
  }
}
