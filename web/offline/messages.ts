// SPDX-License-Identifier: Apache-2.0
/** What the page asks of the site's service worker, and what it answers, over the port that comes with the question. */

/** `keep`: fetch what is missing, so that the page works without a network. `take-over`: a new version is to be used now. */
export type OfflineRequest = { kind: "keep"; script: string } | { kind: "take-over" };

/**
 * `kept`: all is there. `other-version`: the page is not of the worker's version. `failed`: try another time.
 * `other-tabs`: the site is open elsewhere too, and a page is never made of two versions.
 */
export type OfflineReply =
  { kind: "kept" | "other-version" | "failed" | "taken-over" } | { kind: "other-tabs"; count: number };
