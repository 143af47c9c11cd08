// SPDX-License-Identifier: Apache-2.0
/** Requests to open a model from an address. */

import type { ExpectedDigests, FileRequest, OpenRequest, Role } from "../web/engine/protocol";

export function at(url: string, pinned: ExpectedDigests | null = null, role: Role = "model"): FileRequest {
  return { role, source: { kind: "url", url }, pinned };
}

export function modelAt(url: string, pinned: ExpectedDigests | null = null): OpenRequest {
  return { sources: [at(url, pinned)] };
}
