// SPDX-License-Identifier: Apache-2.0
/** Who has a name of the registry now. In: its changes, the oldest first. Out: each name with its owner and versions. */

import type { Change } from "../../../chain/registry/publishing";

export interface Holding {
  owner: string;
  /** How many it has. */
  versions: number;
  /** What was done with it, all in all. */
  changes: number;
}

export function holdings(changes: Change[]): ReadonlyMap<string, Holding> {
  const names = new Map<string, Holding>();
  for (const { model, kind, by, newOwner, version } of changes) {
    const before = names.get(model);
    const changes = (before?.changes ?? 0) + 1;
    const versions = kind === "PUBLISHED" ? version : before?.versions;
    const owner = kind === "TRANSFERRED" ? newOwner : (before?.owner ?? by);
    names.set(model, { owner: owner ?? by, versions: versions ?? 0, changes });
  }
  return names;
}
