// SPDX-License-Identifier: Apache-2.0
/**
 * What a request to write leaves open, filled in before it goes to the engine, which knows neither chance nor the day.
 *
 * In: a request of the page. Out: the same with a seed and a date, so that all that makes the story is in it.
 */

import type { StartRequest, WriteRequest } from "./protocol";

/** A seed for a story that is to be a new one every time: 64 bits of the page's own randomness, in decimal. */
export function randomSeed(): string {
  const words = crypto.getRandomValues(new BigUint64Array(1));
  return String(words[0]);
}

/** A day of this device's calendar as 2026-02-03. */
export function calendarDate(moment: Date): string {
  const parts = [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()];
  return parts.map((part, index) => String(part).padStart(index === 0 ? 4 : 2, "0")).join("-");
}

export function filledIn(request: WriteRequest): StartRequest {
  if (request.kind === "continue") return request;
  const date = request.date === undefined ? calendarDate(new Date()) : request.date;
  return { ...request, date, sampler: { ...request.sampler, seed: request.sampler.seed ?? randomSeed() } };
}
