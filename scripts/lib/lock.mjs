// SPDX-License-Identifier: Apache-2.0
/**
 * Keeps two set-ups of one clone from running at once; the second one waits.
 *
 * In: a path. Out: the result of the work done while the lock was held. A lock whose owner has died does not count.
 *
 * The lock is a folder with one file in it, named after its owner (owner.mjs). Both are made beside it and come to their
 * place with one `rename`, which fails while a folder that is not empty is there. To take the lock from an owner that has
 * died is to remove the file of that very name: however late that happens, it cannot hit the lock of somebody else.
 */
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isAlive, newOwner, processOf } from "./owner.mjs";
import { errorCode } from "./problem.mjs";

const LOOK_AGAIN_MS = 100;
/** How systems say that a folder is there and not empty; Windows says so of an empty one too. */
const TAKEN = new Set(["ENOTEMPTY", "EEXIST", "EPERM", "EACCES"]);

/**
 * @template T
 * @param {string} path of the lock
 * @param {() => Promise<T>} work
 * @param {(owner: number) => void} onWait called once if another process holds the lock
 * @param {number} lookAgainMs
 * @returns {Promise<T>}
 */
export async function withLock(path, work, onWait = () => {}, lookAgainMs = LOOK_AGAIN_MS) {
  const lock = `${path}.owner`;
  const owner = newOwner();
  const own = prepare(lock, owner);
  try {
    for (let told = false; !tryLock(own, lock); await pause(lookAgainMs)) {
      const other = ownerOf(lock);
      if (other === undefined || !isAlive(other)) {
        remove(lock, other);
      } else if (!told) {
        told = true;
        onWait(processOf(other));
      }
    }
    return await work();
  } finally {
    remove(own, owner);
    remove(lock, owner);
  }
}

/**
 * Makes the folder that is to become the lock, and clears away those of processes that died before they came so far.
 * @param {string} lock
 * @param {string} owner
 */
function prepare(lock, owner) {
  const parent = dirname(lock);
  mkdirSync(parent, { recursive: true });
  const prefix = `${basename(lock)}.`;
  for (const name of readdirSync(parent)) {
    const left = name.startsWith(prefix) && name.slice(prefix.length);
    if (left && !isAlive(left)) remove(join(parent, name), left);
  }
  const own = join(parent, prefix + owner);
  mkdirSync(own);
  writeFileSync(join(own, owner), "");
  return own;
}

/** @param {string} own @param {string} lock */
function tryLock(own, lock) {
  try {
    renameSync(own, lock);
    return true;
  } catch (error) {
    if (TAKEN.has(errorCode(error) ?? "")) return false;
    throw error;
  }
}

/** @param {string} lock @returns {string | undefined} */
function ownerOf(lock) {
  try {
    return readdirSync(lock)[0];
  } catch {
    return undefined; // given back in this moment
  }
}

/**
 * Removes a lock if it is this owner's, and its folder if nobody has taken it since.
 * @param {string} lock
 * @param {string | undefined} owner
 */
function remove(lock, owner) {
  if (owner !== undefined) rmSync(join(lock, owner), { force: true });
  try {
    rmdirSync(lock);
  } catch {
    // Not there, or the lock of somebody else by now.
  }
}
