// SPDX-License-Identifier: Apache-2.0
/**
 * The documentation of both libraries, made of their sources: build/docs/javascript and build/docs/python.
 *
 * Each fails where a public name is not documented, and for every warning.
 */
import { venvProgram } from "./paths.mjs";

/** @type {import("./checks.mjs").Check[]} */
export const DOCS = [
  ["documentation of the npm package", "npx", ["typedoc", "--logLevel", "Warn"]],
  ["documentation of the wheel", venvProgram("python"), ["scripts/docs.py", "build/docs/python"]],
];
