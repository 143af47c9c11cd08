/**
 * The files of a drop.
 *
 * In: what was dropped. Out: the files themselves, and of a folder those right inside it, up to MOST. Must be called in the
 * handler of the drop: a browser forgets the rest at once.
 */

/** Files of a folder that are looked at: a model has a few dozen. */
export const MOST = 1000;

export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const files = [...transfer.files];
  const folders = [...transfer.items]
    .map((item) => item.webkitGetAsEntry())
    .filter((entry): entry is FileSystemDirectoryEntry => entry?.isDirectory === true);
  if (folders.length === 0) return files;
  const names = new Set(folders.map((folder) => folder.name)); // a folder stands among the files too, as one that can't be read
  const inside = await Promise.all(folders.map(filesInside));
  return [...files.filter((file) => !names.has(file.name)), ...inside.flat()];
}

async function filesInside(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  while (found.length < MOST) {
    const some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (some.length === 0) break;
    found.push(...some);
  }
  const files = found.filter((entry): entry is FileSystemFileEntry => entry.isFile).slice(0, MOST);
  return Promise.all(files.map((entry) => new Promise<File>((done, failed) => entry.file(done, failed))));
}
