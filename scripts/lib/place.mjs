// SPDX-License-Identifier: Apache-2.0
/** Puts a file into its place at one stroke: a hard link where possible, since large files need no second copy. */
import { copyFileSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** From this size on a file is linked. Smaller ones are copied, so that an editor cannot change both at once. */
const LINK_FROM_BYTES = 1 << 20;

/** Put `from` at `to`. Nobody ever sees half a file there. @param {string} from @param {string} to */
export function placeFile(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  const temporary = `${to}.${process.pid}.part`;
  rmSync(temporary, { force: true });
  linkOrCopy(from, temporary);
  // Renaming a link onto another link of the same file does nothing, by POSIX; so the old one has to go first.
  rmSync(to, { force: true });
  renameSync(temporary, to);
}

/** @param {string} from @param {string} to */
function linkOrCopy(from, to) {
  if (statSync(from).size >= LINK_FROM_BYTES) {
    try {
      linkSync(from, to);
      return;
    } catch {
      // Another file system, or one without hard links: a copy does as well.
    }
  }
  copyFileSync(from, to);
}
