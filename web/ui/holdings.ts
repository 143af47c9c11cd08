/** Who has a name of the registry now. In: its changes, the oldest first. Out: each name with its owner and versions. */

import type { Change } from "../chain/publishing";

export interface Holding {
  owner: string;
  /** How many it has. */
  versions: number;
}

export function holdings(changes: Change[]): ReadonlyMap<string, Holding> {
  const names = new Map<string, Holding>();
  for (const { model, kind, by, newOwner, version } of changes) {
    const versions = names.get(model)?.versions ?? 0;
    if (kind === "PUBLISHED") names.set(model, { owner: by, versions: version ?? versions });
    else if (kind === "TRANSFERRED") names.set(model, { owner: newOwner ?? by, versions });
  }
  return names;
}
