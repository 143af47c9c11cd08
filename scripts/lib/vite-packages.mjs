// SPDX-License-Identifier: Apache-2.0
/**
 * A Vite plugin that lists the packages in the built scripts, those of workers too, which Vite's own list of licences
 * leaves out.
 *
 * Out: OUTPUT/.vite/packages.json, the folders of the packages, for scripts/licences.py.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const FOLDER = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/;

/** @returns {{page: import("vite").Plugin, worker: import("vite").Plugin}} */
export function listPackages() {
  /** @type {Set<string>} */
  const folders = new Set();
  /** @type {import("vite").Plugin} */
  const worker = {
    name: "taleproof-packages",
    apply: "build",
    generateBundle(_options, bundle) {
      for (const output of Object.values(bundle)) {
        if (output.type !== "chunk") continue;
        for (const module of output.moduleIds) {
          const folder = FOLDER.exec(module)?.[0];
          if (folder !== undefined) folders.add(folder);
        }
      }
    },
  };
  let target = "";
  /** @type {import("vite").Plugin} */
  const page = {
    ...worker,
    configResolved({ root, build }) {
      target = resolve(root, build.outDir, ".vite");
    },
    closeBundle() {
      mkdirSync(target, { recursive: true });
      writeFileSync(join(target, "packages.json"), JSON.stringify([...folders].sort()));
    },
  };
  return { page, worker };
}
