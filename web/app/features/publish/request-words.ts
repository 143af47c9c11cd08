// SPDX-License-Identifier: Apache-2.0
/** What was asked of the registry, and what became of it, in words. In: requests and changes. Out: sentences. */

import type { Change, Request } from "../../../chain/registry/publishing";

const ORDERS: Record<Request["kind"], string> = {
  PUBLISH: "To publish",
  REVOKE: "To withdraw a version of",
  TRANSFER_NAME: "To give away the name",
};

/** What was asked; the model's name follows. */
export function orderWords({ kind }: Request): string {
  return ORDERS[kind];
}

/** @param arrived where it stands in the registry, as known here; null while it does not. */
export function outcomeWords({ status, reason, block }: Request, arrived: Change | null): string {
  if (status === "REFUSED") return `Refused: ${sentence(reason ?? "no reason was given.")}`;
  if (status === "PENDING") return "Waiting for the registry's home chain to answer.";
  const where = `Accepted in block ${block} of the registry's home chain`;
  return arrived ? `${where}, and arrived on yours${factOf(arrived)}.` : `${where}; on its way to yours.`;
}

function factOf({ kind, version }: Change): string {
  if (kind === "TRANSFERRED") return "";
  return kind === "PUBLISHED" ? `: it is version ${version}` : `: version ${version} is withdrawn`;
}

/** The application puts its code for a refusal behind the sentence. */
function sentence(reason: string): string {
  return reason.replace(/ \[[a-z0-9-]+\]$/, "");
}
