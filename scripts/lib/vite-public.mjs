/**
 * A Vite plugin that puts public/ into the built site.
 *
 * In: the public folder. Out: the same tree below the output folder. Large files are hard links where the file system
 * allows that, copies elsewhere. Linking is safe because set-up never writes into a file: it replaces it.
 */
import { copyFileSync, linkSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** From this size on a file is linked. Smaller ones are copied, so that an editor cannot change both at once. */
const LINK_FROM_BYTES = 1 << 20;

/** Put `from` at `to`, without a second copy of its bytes where that is possible. */
export function linkOrCopy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  rmSync(to, { force: true });
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

/** @returns {import("vite").Plugin} */
export function linkPublicFiles() {
  /** @type {import("vite").ResolvedConfig} */
  let config;
  return {
    name: "taleproof-public-files",
    apply: "build",
    configResolved(resolved) {
      config = resolved;
    },
    closeBundle() {
      const target = join(config.root, config.build.outDir);
      for (const entry of readdirSync(config.publicDir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const from = join(entry.parentPath, entry.name);
        linkOrCopy(from, join(target, from.slice(config.publicDir.length + 1)));
      }
    },
  };
}
