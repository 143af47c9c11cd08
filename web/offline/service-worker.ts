// SPDX-License-Identifier: Apache-2.0
/**
 * The site's service worker: the page opens and writes without a network, and is isolated whatever its host sends.
 *
 * In: the site's requests, and what the page asks (messages.ts). Out: the files of one version (site-files.ts), with the headers
 * of isolation.ts. All other files go past it: models are kept by the engine. The first worker takes over at
 * once, and fetches what is missing when the page says that its engine has started. A later one waits with all of its files
 * until the person takes it, or no tab of the site is open.
 */

import { isolated } from "./isolation";
import type { OfflineReply, OfflineRequest } from "./messages";
import { SiteFiles, type SiteVersion } from "./site-files";

declare const self: ServiceWorkerGlobalScope;
/** Written in by the build (scripts/lib/offline.mjs). */
declare const SITE_VERSION: SiteVersion;

/** What belongs to a site, not to a version of it: whoever runs the site may change them. */
const SITE_DATA = ["models.json", "network.json"];
/** A network that does not answer is none, where there is an older answer. */
const DATA_MS = 4000;

const base = self.registration.scope;
const openCache = (): Promise<Cache> => caches.open(`taleproof ${base}`);
const site = new SiteFiles(SITE_VERSION, base, openCache);
const isSiteData = (address: string): boolean =>
  SITE_DATA.some((name) => address === new URL(name, base).href);

self.addEventListener("install", (event) => {
  // The first one has nothing to wait for, and a page that is not isolated waits for it.
  event.waitUntil(self.registration.active === null ? self.skipWaiting() : site.keepAll());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([self.clients.claim(), site.removeOthers()]));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { url } = request;
  const passes =
    request.method !== "GET" ||
    !url.startsWith(base) ||
    url.startsWith(new URL("models/", base).href) ||
    (site.pathOf(url) === null && !isSiteData(url)) ||
    request.headers.has("Range") ||
    (request.cache === "only-if-cached" && request.mode !== "same-origin");
  if (!passes) event.respondWith(answer(event).then(isolated));
});

async function answer(event: FetchEvent): Promise<Response> {
  const { request } = event;
  if (isSiteData(request.url)) return siteData(request);
  const path = site.pathOf(request.url);
  if (path === null) return fetch(request); // which the listener has let pass
  const kept = await site.kept(path);
  if (kept !== undefined) return kept;
  const response = await fetch(request);
  if (response.ok && response.type !== "opaque")
    event.waitUntil(site.keep(path, response.clone()).catch(() => false));
  return response;
}

/** The network's answer, and where there is none the last one. */
async function siteData(request: Request): Promise<Response> {
  const data = await caches.open(`taleproof data ${base}`);
  const last = await data.match(request.url);
  try {
    const response = await fetch(request, last === undefined ? {} : { signal: AbortSignal.timeout(DATA_MS) });
    if (response.ok) await data.put(request.url, response.clone());
    return response;
  } catch (thrown) {
    if (last !== undefined) return last;
    throw thrown;
  }
}

self.addEventListener("message", (event) => {
  const [port] = event.ports;
  if (port === undefined) return;
  const reply = (said: OfflineReply): void => port.postMessage(said);
  event.waitUntil(heard(event.data as OfflineRequest).then(reply, () => reply({ kind: "failed" })));
});

async function heard(request: OfflineRequest): Promise<OfflineReply> {
  if (request.kind === "take-over") {
    const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const tabs = windows.filter(({ frameType }) => frameType !== "nested").length;
    if (tabs > 1) return { kind: "other-tabs", count: tabs - 1 };
    await self.skipWaiting();
    return { kind: "taken-over" };
  }
  if (site.pathOf(request.script) === null) return { kind: "other-version" };
  await Promise.all(
    SITE_DATA.map((name) => siteData(new Request(new URL(name, base))).catch(() => undefined)),
  );
  await site.keepAll();
  return { kind: "kept" };
}
