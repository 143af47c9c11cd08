// SPDX-License-Identifier: Apache-2.0
/**
 * Refuses a Node.js that is too old, before anything is loaded that such a version could not even read.
 * Written in the JavaScript of 2015 for that reason.
 */

/** What Vite 8 needs; package.json's "engines" says the same. */
var NEEDED_NODE = "20.19 or newer in the 20 line, or 22.12 or newer";

/**
 * @param {string} version such as "20.19.0"
 * @returns {string | null} null where the version will do, otherwise a sentence with the remedy
 */
export function nodeComplaint(version) {
  var parts = version.split(".").map(Number);
  var major = parts[0] || 0;
  var minor = parts[1] || 0;
  var fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
  if (fits) return null;
  return (
    "Taleproof needs Node.js " +
    NEEDED_NODE +
    ", and this is Node.js " +
    version +
    ". Install a current version from nodejs.org, or with your package manager, and run the command again."
  );
}

var complaint = nodeComplaint(process.versions.node);
if (complaint !== null) {
  console.error("\n" + complaint + "\n(node-too-old)");
  process.exit(1);
}
