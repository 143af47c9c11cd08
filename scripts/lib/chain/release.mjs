// SPDX-License-Identifier: Apache-2.0
/**
 * A model of the catalogue as the registry wants it.
 *
 * In: an entry of public/models.json, or a file of the same form, and the model's files. Out: a release: what is said of one
 * version, with both digests of each file. Refused: an entry without what a release needs, and a file that is not the
 * one that the entry describes.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Cache } from "../cache.mjs";
import { webSource } from "../download.mjs";
import { cacheFolder, PUBLIC, ROOT } from "../paths.mjs";
import { errorMessage, Problem } from "../problem.mjs";

const CATALOGUE = join(PUBLIC, "models.json");
/** @type {Record<string, string>} */
const ROLES = { model: "WEIGHTS", weights: "WEIGHTS", tokenizer: "TOKENIZER", config: "CONFIG" };
/** Where a file may lie beside where its entry lies. */
const FOLDERS = [PUBLIC, join(PUBLIC, "models"), join(ROOT, "tests", "fixtures")];

/**
 * @typedef {{role: string, name: string, size?: number, sha256?: string, sha3_256?: string, urls: string[]}} EntryFile
 *   with one digest at least
 * @typedef {{id: string, description?: string, licence: {id: string, terms?: unknown}, architecture: string, format: string,
 *   contextLength: number, files: EntryFile[], folder: string}} Entry folder: where the entry was read from
 * @typedef {{role: string, name: string, size: number, sha256: string, sha3_256: string, urls: string[],
 *   chunks: {hash: string, size: number}[]}} ReleaseFile
 * @typedef {{description: string, licence: string, architecture: string, format: string, contextLength: number,
 *   files: ReleaseFile[]}} Release
 */

/** All entries of the catalogue. @returns {Entry[]} */
export function catalogue() {
  return readEntries(CATALOGUE).map((entry) => ({ ...entry, folder: PUBLIC }));
}

/** The entry of this id in the catalogue, or in this file of the same form. @param {string} idOrFile @returns {Entry} */
export function findEntry(idOrFile) {
  const known = catalogue().find((entry) => entry.id === idOrFile);
  if (known) return known;
  if (!existsSync(idOrFile)) {
    throw new Problem(
      "unknown-model",
      `${idOrFile} is neither a model of the catalogue nor a file. The catalogue has: ` +
        `${catalogue()
          .map((entry) => entry.id)
          .join(", ")}. A file describes one model, as public/models.json does.`,
    );
  }
  const [entry] = readEntries(idOrFile);
  if (!entry)
    throw new Problem("model-incomplete", `${idOrFile} describes no model. public/models.json shows how.`);
  return { ...entry, folder: dirname(resolve(idOrFile)) };
}

/** The entry of the catalogue that has a file of these bytes. @param {string} path @returns {Promise<Entry | undefined>} */
export async function entryOfFile(path) {
  const { sha256 } = await digests(path);
  return catalogue().find((entry) => entry.files.some((file) => file.sha256 === sha256));
}

/**
 * @param {Entry} entry
 * @param {string[]} [paths] files to use before looking for others
 * @returns {Promise<{release: Release, paths: string[]}>} the release without chunks, and where its files lie
 */
export async function releaseOf(entry, paths = []) {
  const files = [];
  const places = [];
  for (const file of entry.files) {
    const { path, sha256, sha3_256 } = await locate(file, entry, paths);
    places.push(path);
    const { name, urls } = file;
    const { size } = statSync(path);
    files.push({ role: ROLES[file.role] ?? file.role, name, size, sha256, sha3_256, urls, chunks: [] });
  }
  const { description = "", licence, architecture, format, contextLength } = entry;
  return {
    release: { description, licence: licence.id, architecture, format, contextLength, files },
    paths: places,
  };
}

/**
 * Where a file of an entry lies, downloaded if need be, and its second digest.
 * @param {EntryFile} file
 * @param {Entry} entry
 * @param {string[]} paths
 */
async function locate(file, entry, paths) {
  const folders = [entry.folder, ...FOLDERS];
  const relative = file.urls.filter((url) => !url.includes(":"));
  const candidates = [
    ...paths,
    ...folders.flatMap((folder) => [file.name, ...relative].map((name) => join(folder, name))),
  ];
  for (const path of candidates) {
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined || size !== (file.size ?? size)) continue;
    const found = await digests(path);
    const pinned = [file.sha256 ?? found.sha256, file.sha3_256 ?? found.sha3_256];
    if (pinned[0] === found.sha256 && pinned[1] === found.sha3_256) return { path, ...found };
  }
  const path = await download(file, entry);
  return { path, ...(await digests(path)) };
}

/** @param {EntryFile} file @param {Entry} entry @returns {Promise<string>} its path */
async function download(file, entry) {
  const { name, sha256 } = file;
  // What is downloaded is kept under its SHA-256; a file that is known by another digest is not.
  const sources = (sha256 ? file.urls : [])
    .filter((url) => url.startsWith("https://") && url.endsWith(`/${file.name}`))
    .map((url) => webSource(new URL(url).host, url.slice(0, -file.name.length)));
  if (!sha256 || sources.length === 0) {
    throw new Problem(
      "no-file",
      `${file.name} of ${entry.id} is not at hand. Put it beside its description.`,
    );
  }
  const cache = new Cache(cacheFolder());
  const { size } = file;
  await cache.obtain([{ name, sha256, ...(size === undefined ? {} : { size }) }], sources);
  return cache.path(sha256);
}

/** Both digests of a file, in one pass. @param {string} path */
async function digests(path) {
  const hashes = { sha256: createHash("sha256"), sha3_256: createHash("sha3-256") };
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hashes.sha256.update(chunk);
    hashes.sha3_256.update(chunk);
  }
  return { sha256: hashes.sha256.digest("hex"), sha3_256: hashes.sha3_256.digest("hex") };
}

/** @param {string} path @returns {Omit<Entry, "folder">[]} */
function readEntries(path) {
  let json;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new Problem("model-unreadable", `${path} cannot be read as JSON: ${errorMessage(cause)}`, {
      cause,
    });
  }
  const entries = json.models ?? [json];
  for (const entry of entries) requireFields(entry, path);
  return entries;
}

/** @param {Partial<Entry>} entry @param {string} path */
function requireFields(entry, path) {
  const needed = /** @type {const} */ (["id", "licence", "architecture", "format", "contextLength", "files"]);
  const fileNeeds = /** @type {const} */ (["role", "name", "urls"]);
  /** @type {Partial<EntryFile>[]} */
  const files = Array.isArray(entry.files) ? entry.files : [];
  const missing = [
    ...needed.filter((field) => entry[field] === undefined),
    ...files.flatMap((file) =>
      fileNeeds.filter((field) => file[field] === undefined).map((field) => `files.${field}`),
    ),
    ...files.filter((file) => !file.sha256 && !file.sha3_256).map(() => "files.sha256"),
    ...(entry.licence && entry.licence.id === undefined ? ["licence.id"] : []),
  ];
  if (missing.length === 0) return;
  throw new Problem(
    "model-incomplete",
    `${path}: ${entry.id ?? "the model"} lacks ${missing.join(", ")}. public/models.json shows how a model is described.`,
  );
}
