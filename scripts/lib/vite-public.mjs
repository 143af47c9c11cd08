// SPDX-License-Identifier: Apache-2.0
/**
 * A Vite plugin that puts public/ into the built site.
 *
 * In: the public folder. Out: the same tree below the output folder, without a second copy of the demo model's 98 MB.
 * Linking is safe because set-up never writes into a file: it replaces it.
 */
import { readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { placeFile } from "./place.mjs";

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
      const target = resolve(config.root, config.build.outDir);
      for (const entry of readdirSync(config.publicDir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const from = join(entry.parentPath, entry.name);
        placeFile(from, join(target, relative(config.publicDir, from)));
      }
    },
  };
}
