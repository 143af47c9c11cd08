// SPDX-License-Identifier: Apache-2.0
/**
 * The cache of downloaded files, keyed by what they contain.
 *
 * In: the files wanted (name, size, SHA-256) and the sources to ask for them, in order. Out: paths of files whose
 * digest is right. Refused: any other bytes. A file gets its place in the cache only after its digest was compared,
 * so that an interruption at any moment leaves either a right file or none.
 */
import { createHash } from "node:crypto";
import { createReadStream, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isAlive, newOwner } from "./owner.mjs";
import { diskFull, errorCode, Problem } from "./problem.mjs";

/**
 * @typedef {{name: string, sha256: string, size?: number}} Wanted
 * @typedef {{name: string, fetch: (wanted: Wanted[], folder: string) => Promise<void>}} Source
 *   fetch puts each wanted file into the folder, under its name
 */

/** SHA-256 of a file, as hexadecimal text. @param {string} path */
export async function sha256File(path) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

export class Cache {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
  }

  /** The place of the file with this digest. @param {string} sha256 */
  path(sha256) {
    return join(this.folder, "sha256", sha256);
  }

  /**
   * Get all files, from the cache or from the first source that has them.
   * @param {Wanted[]} wanted
   * @param {Source[]} sources
   * @returns {Promise<Map<string, string>>} name -> path
   */
  async obtain(wanted, sources) {
    /** @type {Wanted[]} */
    let missing = [];
    for (const file of wanted) if (!(await this.#holds(file))) missing.push(file);
    /** @type {unknown[]} */
    const failures = [];
    for (const source of sources) {
      if (missing.length === 0) break;
      failures.push(...(await this.#ask(source, missing)));
      missing = missing.filter((file) => !isFile(this.path(file.sha256)));
    }
    if (missing.length > 0) throw worst(failures);
    return new Map(wanted.map((file) => [file.name, this.path(file.sha256)]));
  }

  /**
   * True if the file is here and unharmed. A damaged one is removed, and so downloaded again; likewise a link, for what it
   * leads to may change after it was looked at.
   * @param {Wanted} file
   */
  async #holds(file) {
    const path = this.path(file.sha256);
    if (isFile(path) && (await sha256File(path)) === file.sha256) return true;
    rmSync(path, { recursive: true, force: true });
    return false;
  }

  /** @param {Source} source @param {Wanted[]} missing @returns {Promise<unknown[]>} what went wrong */
  async #ask(source, missing) {
    const folder = this.#incoming(missing);
    /** @type {unknown[]} */
    const failures = [];
    try {
      await source.fetch(missing, folder);
    } catch (error) {
      failures.push(error);
    }
    // Even a source that failed half-way may have brought whole files.
    for (const file of missing) {
      const problem = await this.#keep(join(folder, file.name), file, source);
      if (problem) failures.push(problem);
    }
    rmSync(folder, { recursive: true, force: true });
    return failures;
  }

  /** @param {string} path @param {Wanted} file @param {Source} source */
  async #keep(path, file, source) {
    if (!isFile(path)) return null;
    const actual = await sha256File(path);
    if (actual !== file.sha256) return digestMismatch(file, actual, source);
    mkdirSync(join(this.folder, "sha256"), { recursive: true });
    renameSync(path, this.path(file.sha256));
    return null;
  }

  /** A folder for what arrives now. Folders of runs that were interrupted are cleared away. @param {Wanted[]} missing */
  #incoming(missing) {
    const parent = join(this.folder, "incoming");
    mkdirSync(parent, { recursive: true });
    for (const name of readdirSync(parent)) {
      if (!isAlive(name)) rmSync(join(parent, name), { recursive: true, force: true });
    }
    const needed = missing.reduce((sum, file) => sum + (file.size ?? 0), 0);
    const { bavail, bsize } = statfsSync(parent);
    if (needed > bavail * bsize) throw diskFull();
    const folder = join(parent, newOwner());
    mkdirSync(folder);
    return folder;
  }
}

/** Whether a file itself is there, not a link to one. @param {string} path */
function isFile(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** @param {Wanted} file @param {string} actual @param {Source} source */
function digestMismatch(file, actual, source) {
  return new Problem(
    "digest-mismatch",
    `${file.name}, as it came from ${source.name}, is not the file that was expected, and was thrown away.\n` +
      `  expected SHA-256 ${file.sha256}\n  actual SHA-256   ${actual}\n` +
      "Run the command again. If it happens again, something between you and the source changes what you " +
      "download (a proxy, perhaps): try another network.",
  );
}

/** Of several reasons the one to tell: other bytes than expected first, as nothing else is as serious. @param {unknown[]} failures */
function worst(failures) {
  const rank = ["digest-mismatch", "disk-full", "no-network"];
  const known = rank.map((code) => failures.find((failure) => errorCode(failure) === code)).find(Boolean);
  return known ?? failures.at(-1) ?? new Problem("no-source", "A file that set-up needs has no source left.");
}
