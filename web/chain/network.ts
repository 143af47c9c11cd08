// SPDX-License-Identifier: Apache-2.0
/**
 * Which chain this site's registry is on.
 *
 * In: public/network.json, as `npm run chain:up` or `chain:deploy` writes it. Out: a Network; null where the site has no
 * such file, or one that says null, as the build writes it: such a site offers no chain. Refused, with the field's name: anything else.
 */

import * as v from "valibot";
import { digest, exactly, readJson, text } from "../shared/json";
import { chainError } from "./errors";

/** An address that a page may ask: encrypted, or on this very machine. */
function isSafe(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" || (protocol === "http:" && ["localhost", "127.0.0.1"].includes(hostname));
}

const Network = exactly({
  /** Where a wallet gets the network's description and a chain. */
  faucet: v.pipe(text, v.check(isSafe, "is no address with https, nor one on this machine")),
  /** The chain that the registry lives on. */
  homeChain: digest,
  application: digest,
});
export type Network = v.InferOutput<typeof Network>;

export function parseNetwork(json: string): Network {
  const wrong = (where: string, what: string): Error => chainError("network-invalid", `${where} ${what}.`);
  return readJson(Network, json, "the description", wrong);
}

/** @param base the site's address. */
export async function fetchNetwork(base: string, fetcher: typeof fetch = fetch): Promise<Network | null> {
  let json: string;
  try {
    const response = await fetcher(new URL("network.json", base));
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`status ${response.status}`);
    json = await response.text();
  } catch (cause) {
    throw chainError("network-unavailable", "", cause);
  }
  return json.trim() === "null" ? null : parseNetwork(json);
}
