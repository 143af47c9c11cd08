// SPDX-License-Identifier: Apache-2.0
/**
 * How many source files lie in one folder: few enough to be seen at once.
 *
 * In: folders, each with the endings of its sources. Out: those, and those in them, that have too many. Data and generated
 * files (`*.gen.*`) do not count.
 */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { ROOT } from "./paths.mjs";

export const MOST = 15;

/** @typedef {{folder: string, endings: string[]}} Sources */

/** @type {Sources[]} */
const SOURCES = [
  { folder: "py/taleproof", endings: [".py"] },
  { folder: "web", endings: [".ts", ".svelte"] },
  { folder: "kernels", endings: [".c", ".h"] },
];

/**
 * @param {{root?: string, all?: Sources[]}} [options]
 * @returns {{folder: string, files: number}[]}
 */
export function crowded({ root = ROOT, all = SOURCES } = {}) {
  return all.flatMap(({ folder, endings }) => {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.name.includes(".gen.") || !endings.some((end) => entry.name.endsWith(end)))
        continue;
      const parent = relative(root, entry.parentPath);
      counts.set(parent, (counts.get(parent) ?? 0) + 1);
    }
    return [...counts].filter(([, files]) => files > MOST).map(([name, files]) => ({ folder: name, files }));
  });
}
