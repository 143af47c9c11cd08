// SPDX-License-Identifier: Apache-2.0
/**
 * The headers that isolate a page from other sites, put onto the answers of a host that does not send them.
 *
 * In: a response. Out: the same with the headers, without which the page gets no shared memory, and so neither threads nor
 * the chain's client. A response that may not be read is left as it is.
 */

const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};
/** Statuses whose responses have no body (Fetch standard, null body status). */
const WITHOUT_BODY = [101, 103, 204, 205, 304];

export function isolated(response: Response): Response {
  if (response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(ISOLATION)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(WITHOUT_BODY.includes(status) ? null : response.body, { status, statusText, headers });
}
