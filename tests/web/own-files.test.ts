// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { chooseOwn, ownFile, sourceName } from "../../web/app/lib/choice";
import { droppedFiles, MOST } from "../../web/app/features/model/dropped";
import { Picker } from "../../web/app/features/model/picker.svelte";

const file = (name: string): File => new File([name], name);
const names = (files: readonly File[]): string[] => files.map(({ name }) => name);

/** A folder as a browser hands it over: entries come in batches, and an empty one is the end. */
function folder(name: string, inside: (File | string | object)[], batch = 2): object {
  const entries = inside.map((one) =>
    typeof one === "string"
      ? { isFile: false, isDirectory: true, name: one }
      : !(one instanceof File)
        ? one
        : { isFile: true, isDirectory: false, name: one.name, file: (done: (f: File) => void) => done(one) },
  );
  const createReader = () => {
    let at = 0;
    return { readEntries: (done: (some: object[]) => void) => done(entries.slice(at, (at += batch))) };
  };
  return { isFile: false, isDirectory: true, name, createReader };
}

function drop(files: File[], entries: (object | null)[]): DataTransfer {
  const items = entries.map((entry) => ({ webkitGetAsEntry: () => entry }));
  return { files, items } as unknown as DataTransfer;
}

describe("what is dropped", () => {
  it("is the files themselves", async () => {
    const files = [file("a.gguf"), file("tokenizer.bin")];
    expect(await droppedFiles(drop(files, [null, null]))).toEqual(files);
  });

  it("is what stands right inside a folder, however many batches it comes in", async () => {
    const inside = [file("config.json"), file("model.safetensors"), "onnx", file("tokenizer.json")];
    const found = await droppedFiles(drop([file("tale"), file("more.txt")], [folder("tale", inside), null]));
    expect(names(found)).toEqual(["more.txt", "config.json", "model.safetensors", "tokenizer.json"]);
  });

  it("has the file that says how an encoder pools, which is called config.json too", async () => {
    const inside = [file("config.json"), folder("1_Pooling", [file("config.json"), file("README.md")])];
    const found = await droppedFiles(drop([file("bge")], [folder("bge", inside)]));
    expect(names(found)).toEqual(["config.json", "1_Pooling/config.json"]);
  });

  it("is not all of a folder with more files than any model has", async () => {
    const inside = Array.from({ length: MOST + 50 }, (_, i) => file(`${i}`));
    expect(await droppedFiles(drop([], [folder("tale", inside, 100)]))).toHaveLength(MOST);
  });

  it("fails where a folder cannot be read", async () => {
    const denied = {
      ...folder("tale", []),
      createReader: () => ({
        readEntries: (_: unknown, failed: (why: Error) => void) => failed(new Error("no")),
      }),
    };
    await expect(droppedFiles(drop([], [denied]))).rejects.toThrow("no");
  });
});

describe("the files of a model of one's own", () => {
  it("are laid down together or one after the other", () => {
    const picker = new Picker();
    picker.take([file("tok512.bin"), file("stories.bin")]);
    expect([picker.model?.name, picker.tokenizer?.name, picker.others]).toEqual([
      "stories.bin",
      "tok512.bin",
      [],
    ]);
    picker.take([file("a-00001-of-00002.gguf"), file("a-00002-of-00002.gguf")]);
    expect([picker.model?.name, names(picker.others)]).toEqual([
      "a-00001-of-00002.gguf",
      ["a-00002-of-00002.gguf"],
    ]);
    picker.take([file("other-tok.bin")]);
    expect([picker.model?.name, picker.tokenizer?.name]).toEqual(["a-00001-of-00002.gguf", "other-tok.bin"]);
    picker.close();
    expect([picker.model, picker.others, picker.tokenizer]).toEqual([null, [], null]);
  });

  it("are all asked for, none of them pinned", () => {
    const [first, second] = [file("config.json"), file("model.safetensors")];
    const { name, request } = chooseOwn([ownFile("model", first), ownFile("model", second)]);
    expect(name).toBe("config.json");
    expect(request.sources).toEqual([
      { role: "model", source: { kind: "file", file: first }, pinned: null },
      { role: "model", source: { kind: "file", file: second }, pinned: null },
    ]);
  });

  it("may be at the address of a folder, which has a name too", () => {
    expect(sourceName({ kind: "url", url: "https://example.org/models/tale/" })).toBe("tale");
    expect(sourceName({ kind: "url", url: "https://example.org/" })).toBe("https://example.org/");
  });
});
