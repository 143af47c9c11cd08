// SPDX-License-Identifier: Apache-2.0
/** Openings for those who don't know how to begin: first lines to go on from, and requests for a model that chats. */

import type { WriteMode } from "../../../engine/protocol";

const FIRST_LINES = [
  "Once upon a time, at the edge of a great forest, there lived a girl who could hear what the trees were saying.",
  "The lighthouse had been dark for eleven years when, one evening in March, somebody lit the lamp.",
  "My grandmother left me three things: a house by the sea, a locked drawer, and a letter that began with the words",
];

export const OPENINGS: Record<WriteMode, readonly string[]> = {
  raw: FIRST_LINES,
  story: FIRST_LINES,
  chat: [
    "Write a short story about a lighthouse keeper who finds a message in a bottle.",
    "Tell me a fairy tale about a fox who wants to learn to read.",
    "Write the first page of a novel about the last train to a town by the sea.",
  ],
};
