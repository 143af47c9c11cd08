// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test, vi } from "vitest";
import { ModelStorage } from "../../web/engine/storage/storage";

const SHA256 = "ab".repeat(32);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A folder of the origin private file system, in memory. `room` is how many bytes it has in all. */
class Folder {
  readonly files = new Map<string, Uint8Array>();
  readonly open = new Set<string>();
  readonly unreadable = new Set<string>();
  constructor(readonly room = Infinity) {}

  getDirectoryHandle(): Promise<Folder> {
    return Promise.resolve(this);
  }

  getFileHandle(name: string): Promise<FileHandle> {
    if (!this.files.has(name)) this.files.set(name, new Uint8Array());
    return Promise.resolve(new FileHandle(this, name));
  }

  removeEntry(name: string): Promise<void> {
    if (this.open.has(name)) return Promise.reject(new Error("in use"));
    this.files.delete(name);
    return Promise.resolve();
  }

  async *entries(): AsyncGenerator<[string, FileHandle]> {
    for (const name of [...this.files.keys()]) yield [name, new FileHandle(this, name)];
  }

  async *keys(): AsyncGenerator<string> {
    yield* [...this.files.keys()];
  }
}

class FileHandle {
  readonly kind = "file";
  constructor(
    private readonly folder: Folder,
    public name: string,
  ) {}

  getFile(): Promise<{ size: number }> {
    if (this.folder.unreadable.has(this.name))
      return Promise.reject(new DOMException("gone", "NotFoundError"));
    return Promise.resolve({ size: this.folder.files.get(this.name)!.length });
  }

  move(name: string): Promise<void> {
    this.folder.files.set(name, this.folder.files.get(this.name)!);
    this.folder.files.delete(this.name);
    this.name = name;
    return Promise.resolve();
  }

  createSyncAccessHandle({ mode = "readwrite" } = {}): Promise<unknown> {
    const { folder, name } = this;
    if (folder.open.has(name) && mode !== "read-only")
      return Promise.reject(new Error("locked by another tab"));
    folder.open.add(name);
    const content = (): Uint8Array => folder.files.get(name)!;
    return Promise.resolve({
      getSize: () => content().length,
      read: (into: Uint8Array, { at }: { at: number }) => {
        const piece = content().subarray(at, at + into.length);
        into.set(piece);
        return piece.length;
      },
      write: (chunk: Uint8Array, { at }: { at: number }) => {
        if (at + chunk.length > folder.room) throw new DOMException("full", "QuotaExceededError");
        folder.files.set(name, new Uint8Array([...content().subarray(0, at), ...chunk]));
        return chunk.length;
      },
      truncate: (size: number) => folder.files.set(name, content().slice(0, size)),
      flush: () => undefined,
      close: () => folder.open.delete(name),
    });
  }
}

function storageOver(folder: Folder): ModelStorage {
  vi.stubGlobal("navigator", { storage: { estimate: () => Promise.resolve({ quota: 1000, usage: 100 }) } });
  return new ModelStorage(() => Promise.resolve(folder as unknown as FileSystemDirectoryHandle));
}

describe("the store of model files", () => {
  test("keeps a download under a temporary name until it is committed", async () => {
    const folder = new Folder();
    const storage = storageOver(folder);
    const partial = await storage.partial(SHA256);
    partial!.write(bytes("once "));
    partial!.write(bytes("upon"));
    expect([...folder.files.keys()]).toEqual([`${SHA256}.part`]);
    expect(await storage.find(SHA256)).toBeUndefined();
    expect(await partial!.commit(SHA256, "a tale/of two.gguf")).toBe(true);
    expect([...folder.files.keys()]).toEqual([`${SHA256} a_tale_of_two.gguf`]);
    expect(folder.open.size).toBe(0);
  });

  test("finds and removes a file by either of its digests", async () => {
    const folder = new Folder();
    const storage = storageOver(folder);
    const sha3 = "c".repeat(64);
    const partial = await storage.partial(sha3);
    partial!.write(bytes("once"));
    expect(await partial!.commit(SHA256, "a.gguf", sha3)).toBe(true);
    expect((await storage.report()).models).toEqual([{ sha256: SHA256, name: "a.gguf", bytes: 4 }]);
    for (const digest of [SHA256, sha3]) {
      expect(await storage.has(digest)).toBe(true);
      (await storage.find(digest))!.close();
    }
    await storage.remove(sha3);
    expect(folder.files.size).toBe(0);
  });

  test("reads a kept file straight into a given place", async () => {
    const folder = new Folder();
    folder.files.set(`${SHA256} a.gguf`, bytes("once upon"));
    const file = await storageOver(folder).find(SHA256);
    const into = new Uint8Array(4);
    expect(file!.read(into, 5)).toBe(4);
    expect(new TextDecoder().decode(into)).toBe("upon");
    file!.close();
    expect(folder.open.size).toBe(0);
  });

  test("goes on with a half download", async () => {
    const folder = new Folder();
    const storage = storageOver(folder);
    const first = await storage.partial(SHA256);
    first!.write(bytes("once "));
    first!.close();
    const second = await storage.partial(SHA256);
    expect(second!.size).toBe(5);
    second!.write(bytes("upon"));
    expect(second!.size).toBe(9);
    second!.truncate(0);
    expect(second!.size).toBe(0);
  });

  test("gives up quietly where the disk is full, and gives the room back", async () => {
    const folder = new Folder(6);
    const partial = await storageOver(folder).partial(SHA256);
    partial!.write(bytes("once "));
    partial!.write(bytes("upon"));
    partial!.write(bytes(" a time"));
    expect(partial!.healthy).toBe(false);
    expect(partial!.size).toBe(0);
    expect(await partial!.commit(SHA256, "a.gguf")).toBe(false);
    expect(folder.files.size).toBe(0);
  });

  test("has nothing where another tab holds the file, or there is no storage at all", async () => {
    const folder = new Folder();
    const storage = storageOver(folder);
    await storage.partial(SHA256);
    expect(await storage.partial(SHA256)).toBeUndefined();
    const none = new ModelStorage(() => Promise.reject(new Error("private window")));
    expect(await none.find(SHA256)).toBeUndefined();
    expect(await none.partial(SHA256)).toBeUndefined();
    await none.remove(SHA256);
    expect(await none.report()).toEqual({ available: false, models: [], halves: [], used: 0, free: null });
  });

  test("tidies up what was never accepted, and nothing else", async () => {
    const folder = new Folder();
    folder.files.set("unverified.part", bytes("half"));
    folder.files.set(`${SHA256}.part`, bytes("half"));
    await storageOver(folder).tidy();
    expect([...folder.files.keys()]).toEqual([`${SHA256}.part`]);
  });

  test("lets two tabs read a kept file at once", async () => {
    const folder = new Folder();
    folder.files.set(`${SHA256} a.gguf`, bytes("once"));
    const [first, second] = [await storageOver(folder).find(SHA256), await storageOver(folder).find(SHA256)];
    expect(first?.size).toBe(4);
    expect(second?.size).toBe(4);
  });

  test("reports all other files where one cannot be read, and says which", async () => {
    const folder = new Folder();
    folder.files.set(`${SHA256} a.gguf`, bytes("once upon"));
    folder.files.set(`${"ef".repeat(32)} b.gguf`, bytes("once"));
    folder.unreadable.add(`${SHA256} a.gguf`);
    const models = [
      { sha256: SHA256, name: "a.gguf", bytes: null },
      { sha256: "ef".repeat(32), name: "b.gguf", bytes: 4 },
    ];
    expect(await storageOver(folder).report()).toEqual({
      available: true,
      models,
      halves: [],
      used: 4,
      free: 900,
    });
  });

  test("reports and removes", async () => {
    const folder = new Folder();
    folder.files.set(`${SHA256} a.gguf`, bytes("once upon"));
    folder.files.set(`${"cd".repeat(32)}.part`, bytes("half"));
    const storage = storageOver(folder);
    const models = [{ sha256: SHA256, name: "a.gguf", bytes: 9 }];
    const halves = [{ sha256: "cd".repeat(32), bytes: 4 }];
    expect(await storage.report()).toEqual({ available: true, models, halves, used: 13, free: 900 });
    expect(await storage.has(SHA256)).toBe(true);
    await storage.remove(SHA256);
    expect(await storage.has(SHA256)).toBe(false);
    await storage.remove("cd".repeat(32));
    expect(await storage.report()).toMatchObject({ models: [], halves: [], used: 0 });
  });
});
