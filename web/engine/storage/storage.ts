// SPDX-License-Identifier: Apache-2.0
/**
 * Model files kept in this browser (the origin private file system), named by their digests: SHA-256, and SHA3-256 where
 * it is known, by either of which a file is found.
 *
 * In: chunks of a download. Out: files whose digest was found right. A download is written under a temporary name and
 * moved to its digest's name only when the worker has compared the digest; a half download stays under its temporary
 * name, to be resumed. Whoever reads a file hashes it again: a name here proves nothing. Where the browser has no such
 * storage, or no room left, everything here quietly does nothing and the model is downloaded again next time.
 */

import type { HalfDownload, StorageReport, StoredModel } from "../protocol";

const FOLDER = "models";
const PARTIAL = ".part";
/** What apps/worker/load.py calls a download that nobody vouches for. */
const UNVERIFIED = "unverified";

/** A file kept here, open for reading straight into the arena. */
export interface StoredFile {
  readonly name: string;
  readonly size: number;
  /** Fills `into` from `offset`; returns the bytes read. */
  read(into: Uint8Array, offset: number): number;
  close(): void;
}

/** A download on its way here. */
export interface PartialFile extends StoredFile {
  /** Appends a chunk. After a failure, such as a full disk, `healthy` is false and the rest is ignored. */
  write(chunk: Uint8Array): void;
  readonly healthy: boolean;
  /** Forgets everything from `size` on. */
  truncate(size: number): void;
  /** Keeps the file under its digests; only for digests that were compared. False where that was not possible. */
  commit(sha256: string, name: string, sha3?: string | null): Promise<boolean>;
  discard(): Promise<void>;
}

/** In every browser that has this storage, but not yet in TypeScript's library. */
interface MovableFileHandle extends FileSystemFileHandle {
  move(name: string): Promise<void>;
}

/** Likewise; a browser that does not know the mode passes it over, and the file is this tab's alone. */
interface SharedFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(options?: { mode: "read-only" }): Promise<FileSystemSyncAccessHandle>;
}

/** Digests and name as one file name: `<SHA-256> [<SHA3-256>] <name>`. */
function storedName(sha256: string, sha3: string | null | undefined, name: string): string {
  return [sha256, ...(sha3 ? [sha3] : []), name.replace(/[^\w.-]+/g, "_").slice(0, 100)].join(" ");
}

interface StoredName {
  sha256: string;
  sha3: string | null;
  name: string;
}

function parseStoredName(stored: string): StoredName | null {
  const match = /^([0-9a-f]{64}) (?:([0-9a-f]{64}) )?(.*)$/.exec(stored);
  return match ? { sha256: match[1] ?? "", sha3: match[2] ?? null, name: match[3] ?? "" } : null;
}

/** The digest that a half download is to have; null for one that nobody vouches for, and for whole files. */
function digestOfHalf(stored: string): string | null {
  return /^([0-9a-f]{64})\.part$/.exec(stored)?.[1] ?? null;
}

export class ModelStorage {
  constructor(private readonly root: () => Promise<FileSystemDirectoryHandle> = defaultRoot) {}

  /** The file with this digest, of either kind, or undefined. */
  async find(digest: string): Promise<StoredFile | undefined> {
    try {
      const folder = await this.folder();
      for await (const [stored, handle] of folder.entries()) {
        const parsed = parseStoredName(stored);
        if (!parsed || !isNamed(parsed, digest) || handle.kind !== "file") continue;
        // Read-only, so that two tabs can load the same model at once where the browser can do that.
        const access = (handle as SharedFileHandle).createSyncAccessHandle({ mode: "read-only" });
        return openStored(await access, parsed.name);
      }
    } catch {
      // No storage, or another tab holds the file: as though it were not here.
    }
    return undefined;
  }

  /** Whether a file with this digest is here; opens nothing. */
  async has(digest: string): Promise<boolean> {
    try {
      for await (const stored of (await this.folder()).keys()) {
        const parsed = parseStoredName(stored);
        if (parsed && isNamed(parsed, digest)) return true;
      }
    } catch {
      // No storage: nothing is here.
    }
    return false;
  }

  /** Forgets the half download that an earlier visit left of a file that nobody vouched for: it is never resumed. */
  async tidy(): Promise<void> {
    try {
      await (await this.folder()).removeEntry(UNVERIFIED + PARTIAL);
    } catch {
      // None there, or another tab is at it.
    }
  }

  /** The download named `key`, new or half done; undefined where nothing can be kept. */
  async partial(key: string): Promise<PartialFile | undefined> {
    try {
      const folder = await this.folder();
      const handle = await folder.getFileHandle(key + PARTIAL, { create: true });
      return new PartialDownload(folder, handle, await handle.createSyncAccessHandle());
    } catch {
      return undefined;
    }
  }

  /** Removes the file with this digest, whole or half. */
  async remove(digest: string): Promise<void> {
    try {
      const folder = await this.folder();
      for await (const stored of folder.keys()) {
        const parsed = parseStoredName(stored);
        const named = parsed ? isNamed(parsed, digest) : stored.startsWith(digest);
        if (named) await folder.removeEntry(stored);
      }
    } catch {
      // Nothing there, or in use by another tab; the report tells what is left.
    }
  }

  /** What is kept here. A file whose size the browser cannot tell, such as one that goes in this moment, has null. */
  async report(): Promise<StorageReport> {
    const models: StoredModel[] = [];
    const halves: HalfDownload[] = [];
    let used = 0;
    try {
      const folder = await this.folder();
      for await (const [stored, handle] of folder.entries()) {
        if (handle.kind !== "file") continue;
        const bytes = await sizeOf(handle as FileSystemFileHandle);
        used += bytes ?? 0;
        const parsed = parseStoredName(stored);
        if (parsed) models.push({ sha256: parsed.sha256, name: parsed.name, bytes });
        const half = digestOfHalf(stored);
        if (half !== null) halves.push({ sha256: half, bytes });
      }
    } catch {
      return { available: false, models: [], halves: [], used: 0, free: null };
    }
    return { available: true, models, halves, used, free: await freeBytes() };
  }

  private async folder(): Promise<FileSystemDirectoryHandle> {
    return (await this.root()).getDirectoryHandle(FOLDER, { create: true });
  }
}

function isNamed({ sha256, sha3 }: StoredName, digest: string): boolean {
  return sha256 === digest || sha3 === digest;
}

function defaultRoot(): Promise<FileSystemDirectoryHandle> {
  return navigator.storage.getDirectory();
}

async function sizeOf(handle: FileSystemFileHandle): Promise<number | null> {
  try {
    return (await handle.getFile()).size;
  } catch {
    return null;
  }
}

async function freeBytes(): Promise<number | null> {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    return quota === undefined || usage === undefined ? null : quota - usage;
  } catch {
    return null;
  }
}

function openStored(access: FileSystemSyncAccessHandle, name: string): StoredFile {
  return {
    name,
    size: access.getSize(),
    read: (into, offset) => access.read(into, { at: offset }),
    close: () => access.close(),
  };
}

class PartialDownload implements PartialFile {
  readonly name: string;
  private healthyYet = true;
  private open = true;

  constructor(
    private readonly folder: FileSystemDirectoryHandle,
    private readonly handle: FileSystemFileHandle,
    private readonly access: FileSystemSyncAccessHandle,
  ) {
    this.name = handle.name;
  }

  get size(): number {
    return this.access.getSize();
  }

  get healthy(): boolean {
    return this.healthyYet;
  }

  read(into: Uint8Array, offset: number): number {
    return this.access.read(into, { at: offset });
  }

  write(chunk: Uint8Array): void {
    if (!this.healthyYet) return;
    try {
      const written = this.access.write(chunk, { at: this.access.getSize() });
      this.healthyYet = written === chunk.byteLength;
    } catch {
      this.healthyYet = false;
    }
    if (!this.healthyYet) this.truncate(0); // give the room back at once
  }

  truncate(size: number): void {
    try {
      this.access.truncate(size);
    } catch {
      this.healthyYet = false;
    }
  }

  async commit(sha256: string, name: string, sha3?: string | null): Promise<boolean> {
    if (!this.healthyYet) {
      await this.discard();
      return false;
    }
    try {
      this.access.flush();
      this.close();
      await (this.handle as MovableFileHandle).move(storedName(sha256, sha3, name));
      return true;
    } catch {
      await this.discard();
      return false;
    }
  }

  async discard(): Promise<void> {
    this.close();
    try {
      await this.folder.removeEntry(this.handle.name);
    } catch {
      // Already gone.
    }
  }

  close(): void {
    if (this.open) this.access.close();
    this.open = false;
  }
}
