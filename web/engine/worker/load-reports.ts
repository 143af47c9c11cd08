// SPDX-License-Identifier: Apache-2.0
/**
 * How far a model on its way is, as the page is told.
 *
 * In: what Python counts, chunk by chunk. Out: reports with a rate and the seconds left, one at the start and at the end
 * of each phase of each file, and not too many in between.
 */

import { RateMeter } from "../network/rate";
import type { LoadPhase, LoadProgress } from "../protocol";

/** Milliseconds between two reports of one phase, at least. */
const PAUSE_MS = 100;

/** @returns what Python calls; an unknown total is undefined. */
export function loadReports(
  report: (progress: LoadProgress) => void,
): (phase: LoadPhase, file: string, bytes: number, total: number | undefined) => void {
  let meter = new RateMeter();
  let current = "";
  let last = -Infinity;
  return (phase, file, bytes, total) => {
    const now = performance.now();
    const isNew = current !== phase + file;
    if (isNew) meter = new RateMeter();
    current = phase + file;
    const known = total ?? null;
    if (!isNew && bytes !== known && now - last < PAUSE_MS) return;
    last = now;
    meter.add(now, bytes);
    report({ phase, file, bytes, total: known, rate: meter.rate, secondsLeft: meter.secondsLeft(known) });
  };
}
