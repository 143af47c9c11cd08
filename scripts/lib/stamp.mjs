// SPDX-License-Identifier: Apache-2.0
/**
 * Remembers which steps are done, so that a second run starts at once.
 *
 * In: a step with the contents that it depends on and the files that it makes. Out: whether it has to run. A step is
 * done if it ran to its end with the same inputs, and each of its outputs still has the size and time it had then.
 */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/**
 * @typedef {object} Step
 * @property {string} name also the name of its stamp
 * @property {string} title what a person reads while it runs
 * @property {() => string[]} inputs files and folders (all files below) whose content the step depends on
 * @property {string[]} [facts] other things it depends on, such as a version
 * @property {() => string[]} outputs files that must be there afterwards; a folder counts by being there
 * @property {() => Promise<void>} run
 */

const SKIPPED = new Set(["__pycache__", "node_modules", ".DS_Store"]);

/** All files below a path, sorted, or the path itself if it is a file. A path that is missing has none. @param {string} path @returns {string[]} */
export function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => !SKIPPED.has(entry.name))
    .flatMap((entry) => filesBelow(join(path, entry.name)))
    .sort();
}

/**
 * A digest of the contents and names of files, and of further facts.
 * @param {string} root
 * @param {string[]} paths
 * @param {string[]} facts
 */
export function inputKey(root, paths, facts = []) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(filesBelow)) {
    const content = readFileSync(path);
    hash.update(`${relative(root, path).split(sep).join("/")}\0${content.length}\0`).update(content);
  }
  for (const fact of facts) hash.update(`\0fact\0${fact}`);
  return hash.digest("hex");
}

/** @param {string} path */
function fingerprint(path) {
  const info = statSync(path, { throwIfNoEntry: false });
  if (!info) return "missing";
  return info.isDirectory() ? "folder" : `${info.size} ${info.mtimeMs}`;
}

export class Stamps {
  /** @param {string} root of the inputs @param {string} folder of the stamps */
  constructor(root, folder) {
    this.root = root;
    this.folder = folder;
  }

  /** @param {Step} step */
  isDone(step) {
    const stamp = this.#read(step);
    if (!stamp || stamp.key !== this.#key(step)) return false;
    return step.outputs().every((path) => {
      const now = fingerprint(path);
      return now !== "missing" && now === stamp.outputs[path];
    });
  }

  /** @param {Step} step */
  async run(step) {
    rmSync(this.#path(step), { force: true });
    const key = this.#key(step);
    await step.run();
    const outputs = Object.fromEntries(step.outputs().map((path) => [path, fingerprint(path)]));
    writeWhole(this.#path(step), JSON.stringify({ key, outputs }));
  }

  /** @param {Step} step */
  #key(step) {
    return inputKey(this.root, step.inputs(), step.facts);
  }

  /** @param {Step} step */
  #path(step) {
    return join(this.folder, `${step.name}.json`);
  }

  /** @param {Step} step @returns {{key: string, outputs: Record<string, string>} | null} */
  #read(step) {
    try {
      return JSON.parse(readFileSync(this.#path(step), "utf8"));
    } catch {
      return null; // never made, or cut off in the middle of writing: run the step
    }
  }
}

/**
 * Write a file so that nobody ever sees half of it.
 * @param {string} path
 * @param {string | NodeJS.ArrayBufferView} content
 */
export function writeWhole(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.part`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}
