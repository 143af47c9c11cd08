#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
/**
 * Copies what a page fetches to a folder that is served: `npx taleproof-assets public/taleproof`.
 *
 * In: a folder, which is made. Out: the assets of this version there, in place of those of another. Refused: a folder
 * with other files in it.
 */
import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ASSETS = fileURLToPath(new URL("assets", import.meta.url));
const [target, ...more] = process.argv.slice(2);

/** @param {string} message */
function refuse(message) {
  console.error(message);
  process.exit(1);
}

if (target === undefined || more.length > 0) {
  refuse("Name the folder: npx taleproof-assets public/taleproof");
} else {
  const own = new Set(readdirSync(ASSETS));
  const others = existsSync(target) ? readdirSync(target).filter((name) => !own.has(name)) : [];
  if (others.length > 0) refuse(`${target} has other files in it (${others[0]}). Name a folder of its own.`);
  for (const name of own) rmSync(join(target, name), { recursive: true, force: true });
  cpSync(ASSETS, target, { recursive: true });
  console.log(`The engine's files are in ${target}: give its address as \`assets\`.`);
}
