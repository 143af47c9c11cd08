// SPDX-License-Identifier: Apache-2.0
/**
 * What the package's files must be served with, and what is missing where the engine could not start.
 *
 * In: the address of the assets. Out: an error that names what to change on the server, or null where nothing is found.
 * Asked only after a start has failed, so that a start that works fetches nothing twice.
 */

import { EngineError } from "../errors";

const JAVASCRIPT = "text/javascript";
const WASM = "application/wasm";

/** Files of the assets without which nothing starts, with the type that browsers insist on; null where they do not. */
const FILES: [file: string, type: typeof JAVASCRIPT | typeof WASM | null][] = [
  ["worker.js", JAVASCRIPT],
  ["kernels/baseline.wasm", null],
  ["wheels/wheels.json", null],
  ["pyodide/pyodide.mjs", JAVASCRIPT],
  ["pyodide/pyodide.asm.mjs", JAVASCRIPT],
  ["pyodide/pyodide.asm.wasm", WASM],
];

const PATTERNS = {
  [JAVASCRIPT]: /^(text|application)\/(x-)?(java|ecma)script\b/,
  [WASM]: /^application\/wasm\b/,
};

export const ISOLATION =
  "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";

/** @param assets the folder's address, with a slash at its end. */
export async function whatIsMissing(assets: URL): Promise<EngineError | null> {
  if (!/^https?:$/.test(assets.protocol)) return notFound(assets, assets, "it is no address of a web server");
  for (const [file, type] of FILES) {
    const url = new URL(file, assets);
    const response = await headersOf(url);
    if (response === null) return unreachable(url);
    if (!response.ok) return notFound(url, assets, `the server answered ${response.status}`);
    const sent = response.headers.get("content-type") ?? "";
    if (sent.startsWith("text/html")) return notFound(url, assets, "the server sent a page in its place");
    if (type !== null && !PATTERNS[type].test(sent)) return wrongType(url, sent, type);
    if (file === "worker.js" && lacksPolicy(url, response)) return notIsolated(url);
  }
  return null;
}

/** The answer without its body; null where none came. */
async function headersOf(url: URL): Promise<Response | null> {
  const abort = new AbortController();
  try {
    return await fetch(url, { signal: abort.signal, cache: "no-store" });
  } catch {
    return null;
  } finally {
    abort.abort();
  }
}

/** An isolated page starts no worker whose own answer does not ask for the same. */
function lacksPolicy(url: URL, response: Response): boolean {
  if (!globalThis.crossOriginIsolated || url.origin !== globalThis.origin) return false;
  return !/^(require-corp|credentialless)\b/.test(response.headers.get("cross-origin-embedder-policy") ?? "");
}

function unreachable(url: URL): EngineError {
  const other = url.origin !== globalThis.origin;
  const why = other ? ` It is of another origin, whose server has to send Access-Control-Allow-Origin.` : "";
  return failure(
    "assets-unreachable",
    url,
    `${url.href} could not be fetched.${why} Check the connection and \`assets\`.`,
  );
}

function notFound(url: URL, assets: URL, what: string): EngineError {
  const message =
    `${url.href} is not there: ${what}. Copy the package's assets to a folder that is served, with ` +
    "`npx taleproof-assets FOLDER`, and give its address as `assets`; now it is " +
    `${assets.href}.`;
  return failure("assets-not-found", url, message);
}

function wrongType(url: URL, sent: string, name: string): EngineError {
  const message = `${url.href} was served as "${sent}". Tell the server to send it with Content-Type: ${name}.`;
  return failure("wrong-content-type", url, message);
}

function notIsolated(url: URL): EngineError {
  const message =
    `${url.href} was served without Cross-Origin-Embedder-Policy, so this page, which is isolated, may not start it. ` +
    "Tell the server to send Cross-Origin-Embedder-Policy: require-corp with it, as with the page.";
  return failure("worker-not-isolated", url, message);
}

function failure(code: string, url: URL, message: string): EngineError {
  return new EngineError({ code, message, details: { url: url.href } });
}
