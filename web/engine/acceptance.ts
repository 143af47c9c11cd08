// SPDX-License-Identifier: Apache-2.0
/**
 * The same request once somebody has accepted a file that nobody vouches for.
 *
 * In: a request, the role whose files wait, and the SHA-256 that was shown. Out: the request with it as `accept`.
 */

import type { OpenRequest, Role } from "./protocol";

export function withAcceptance(request: OpenRequest, role: Role, sha256: string): OpenRequest {
  const sources = request.sources.map((each) => (each.role === role ? { ...each, accept: sha256 } : each));
  return { ...request, sources };
}
