/**
 * Keeps two set-ups of one clone from running at once; the second one waits.
 *
 * In: a path. Out: the result of the work done while the lock was held. A lock whose owner has died does not count.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isRunning } from "./cache.mjs";

const LOOK_AGAIN_MS = 100;

/**
 * @template T
 * @param {string} path of the lock file
 * @param {() => Promise<T>} work
 * @param {(owner: number) => void} onWait called once if another process holds the lock
 * @returns {Promise<T>}
 */
export async function withLock(path, work, onWait = () => {}) {
  mkdirSync(dirname(path), { recursive: true });
  for (let told = false; !tryLock(path); told = true) {
    const owner = Number(readOwner(path));
    if (!isRunning(owner)) {
      rmSync(path, { force: true });
      continue;
    }
    if (!told) onWait(owner);
    await pause(LOOK_AGAIN_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function tryLock(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function readOwner(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
