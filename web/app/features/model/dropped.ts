// SPDX-License-Identifier: Apache-2.0
/**
 * The files of a drop.
 *
 * In: what was dropped. Out: the files themselves, and of a folder those right inside it, up to MOST, with the file that says
 * how an encoder pools. Must be called in the handler of the drop: a browser forgets the rest at once.
 */

/** Sentence encoders say in a folder of their own how one vector is made of many; POOLING in py/taleproof/io/model_files.py. */
const POOLING = { folder: "1_Pooling", file: "config.json" };

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
  const entries = await entriesOf(folder);
  const files = await Promise.all(entries.filter(isFile).slice(0, MOST).map(fileOf));
  return [...files, ...(await pooling(entries))];
}

/** The pooling's file, called by its folder too, so that it isn't taken for the model's own config.json. */
async function pooling(entries: FileSystemEntry[]): Promise<File[]> {
  const folder = entries.find(
    (entry): entry is FileSystemDirectoryEntry => entry.isDirectory && entry.name === POOLING.folder,
  );
  if (!folder) return [];
  const inside = (await entriesOf(folder)).filter(isFile).filter(({ name }) => name === POOLING.file);
  const files = await Promise.all(inside.map(fileOf));
  return files.map((file) => new File([file], `${POOLING.folder}/${POOLING.file}`));
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  while (found.length < MOST) {
    const some = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (some.length === 0) break;
    found.push(...some);
  }
  return found;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((done, failed) => entry.file(done, failed));
}
