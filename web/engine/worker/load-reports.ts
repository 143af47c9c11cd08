// SPDX-License-Identifier: Apache-2.0
/**
 * How far a model on its way is, as the page is told.
 *
 * In: what Python counts, as often as a person can follow (apps/worker/load.py). Out: the same with a rate and the seconds
 * left.
 */

import { RateMeter } from "../network/rate";
import type { LoadPhase, LoadProgress } from "../protocol";

/** @returns what Python calls; an unknown total is undefined. */
export function loadReports(
  report: (progress: LoadProgress) => void,
): (phase: LoadPhase, file: string, bytes: number, total: number | undefined) => void {
  let meter = new RateMeter();
  let current = "";
  return (phase, file, bytes, total) => {
    if (current !== phase + file) meter = new RateMeter();
    current = phase + file;
    const known = total ?? null;
    meter.add(performance.now(), bytes);
    report({ phase, file, bytes, total: known, rate: meter.rate, secondsLeft: meter.secondsLeft(known) });
  };
}
