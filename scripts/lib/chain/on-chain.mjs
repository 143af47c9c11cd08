// SPDX-License-Identifier: Apache-2.0
/**
 * Puts a small model's files on the network itself, as data blobs.
 *
 * In: a release, where its files lie, and a wallet that pays. Out: the release with its chunks. Refused: more than 10 MB,
 * which would cost every validator more than it is worth.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Problem } from "../problem.mjs";

const MOST_BYTES = 10_000_000;
/** Half of what a block may have: a reader sees progress, and asks little memory of the service for one answer. */
const CHUNK_BYTES = 500_000;

/** @typedef {import("./release.mjs").Release} Release */

/** Whether a release is small enough. @param {Release} release */
export function fitsOnChain({ files }) {
  return bytesOf(files) <= MOST_BYTES;
}

/** Refuses a release that is not. @param {Release} release */
export function requireSmall(release) {
  if (fitsOnChain(release)) return;
  const megabytes = (bytesOf(release.files) / 1e6).toFixed(1);
  throw new Problem(
    "model-too-large",
    `The model has ${megabytes} MB, and what goes on chain has ${MOST_BYTES / 1e6} MB at most. ` +
      "Publish it with addresses instead: npm run chain:publish.",
  );
}

/**
 * @param {Release} release
 * @param {string[]} paths of its files, in order
 * @param {import("./wallet.mjs").Wallet} wallet
 * @param {(done: number) => void} [onProgress] bytes so far
 * @returns {Promise<Release>}
 */
export async function putOnChain(release, paths, wallet, onProgress = () => {}) {
  requireSmall(release);
  let done = 0;
  const files = [];
  for (const [index, file] of release.files.entries()) {
    const path = paths[index];
    if (path === undefined) throw new Error(`no path is given for ${file.name}`);
    const chunks = [];
    for (const piece of pieces(readFileSync(path))) {
      chunks.push({ hash: await publish(piece, wallet), size: piece.length });
      onProgress((done += piece.length));
    }
    files.push({ ...file, chunks });
  }
  return { ...release, files };
}

/** Cut bytes into pieces. @param {Buffer} bytes @returns {Buffer[]} */
export function pieces(bytes, most = CHUNK_BYTES) {
  const count = Math.ceil(bytes.length / most);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * most, (index + 1) * most));
}

/** @param {Buffer} piece @param {import("./wallet.mjs").Wallet} wallet */
async function publish(piece, wallet) {
  const folder = mkdtempSync(join(tmpdir(), "taleproof-"));
  try {
    const path = join(folder, "chunk");
    writeFileSync(path, piece);
    return await wallet.publishBlob(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {{size: number}[]} files */
function bytesOf(files) {
  return files.reduce((sum, file) => sum + file.size, 0);
}
