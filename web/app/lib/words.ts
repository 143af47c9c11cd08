// SPDX-License-Identifier: Apache-2.0
/** What the page says about states that the engine gives as single words. In: those words. Out: sentences. */

import type { ChainStep } from "../../chain/wallet/protocol";
import type { FinishReason, LoadProgress, StartStep, VerdictKind } from "../../engine/protocol";
import { formatBytes, formatRate, formatTimeLeft } from "./format";

interface VerdictWords {
  label: string;
  title: string;
  meaning: string;
}

export const VERDICTS: Record<VerdictKind, VerdictWords> = {
  registered: {
    label: "Registered",
    title: "The registry vouches for these bytes",
    meaning:
      "A digest was computed from every byte of the file before it was used, and it is the one that the registry on " +
      "chain holds for this model. You have the same model as everybody else.",
  },
  pinned: {
    label: "Pinned",
    title: "This site vouches for these bytes",
    meaning:
      "A digest was computed from every byte of the file before it was used, and it is the one that this site's list " +
      "of models gives. Had a single bit been different, the file would have been refused.",
  },
  unverified: {
    label: "Unverified",
    title: "Nobody vouches for these bytes",
    meaning:
      "The digest below was computed from every byte of the file, but there is nothing to compare it with: it is a file " +
      "of your own choice. If whoever made the model publishes a SHA-256, compare the two by eye. The file runs in the " +
      "browser's sandbox and cannot reach anything else on your machine.",
  },
  refused: {
    label: "Refused",
    title: "These are not the right bytes",
    meaning:
      "The digest computed from the file is not the expected one, so the file is damaged or another one was put in its " +
      "place. Nothing of it was used, and nothing of it was kept.",
  },
  revoked: {
    label: "Revoked",
    title: "These bytes were withdrawn",
    meaning:
      "The registry knew this file once, and its owner has withdrawn it since. Nothing of it was used. Choose another " +
      "version of the model.",
  },
};

export const FINISHES: Record<FinishReason, string> = {
  stop: "The model brought the story to its end.",
  "stop-string": "The story reached one of the texts at which it was to stop.",
  length: "That is as many tokens as you allowed. Continue for more.",
  context: "The model can keep no more text than this in mind, so the story ends here.",
  stopped: "Stopped here, as you asked.",
};

export const START_STEPS: Record<StartStep, string> = {
  script: "Starting",
  kernels: "Fetching the arithmetic",
  python: "Starting Python",
  packages: "Unpacking the library",
  engine: "Setting up the engine",
  ready: "The engine is ready",
};

/** In the order in which they come. */
export const CHAIN_STEPS: Record<ChainStep, string> = {
  connect: "Connecting to the chain",
  claim: "Claiming a chain of your own",
  follow: "Following the registry",
  read: "Reading what it says of the model",
};

export const SIGNING = "MetaMask asks you for a signature";

const PHASES: Record<LoadProgress["phase"], string> = {
  connect: "Asking for",
  download: "Fetching and checking",
  read: "Reading and checking",
  prepare: "Preparing",
};

export function loadTitle(progress: LoadProgress): string {
  return `${PHASES[progress.phase]} ${progress.file}`;
}

export function loadDetail(progress: LoadProgress): string {
  if (progress.phase === "connect" || progress.phase === "prepare") return "";
  const bytes =
    progress.total === null
      ? formatBytes(progress.bytes)
      : `${formatBytes(progress.bytes)} of ${formatBytes(progress.total)}`;
  const parts = [bytes];
  if (progress.rate > 0) parts.push(formatRate(progress.rate));
  const left = formatTimeLeft(progress.secondsLeft);
  if (left !== "" && progress.rate > 0) parts.push(left);
  return parts.join(", ");
}

/** Null where no length is known. */
export function loadFraction(progress: LoadProgress): number | null {
  if (progress.phase === "connect" || progress.total === null || progress.total === 0) return null;
  return Math.min(1, progress.bytes / progress.total);
}
