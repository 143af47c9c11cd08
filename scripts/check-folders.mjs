// SPDX-License-Identifier: Apache-2.0
/** Says which folders of the sources have too many files, and fails if there are any. */
import { crowded, MOST } from "./lib/folders.mjs";

const found = crowded();
for (const { folder, files } of found) {
  console.error(
    `${folder} has ${files} files, more than ${MOST}: make a folder of those that belong together.`,
  );
}
process.exitCode = found.length > 0 ? 1 : 0;
