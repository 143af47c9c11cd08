// SPDX-License-Identifier: Apache-2.0
/**
 * Which chain this site's registry is on.
 *
 * In: public/network.json, as `npm run chain:up` or `chain:deploy` writes it. Out: a Network; null where the site has no
 * such file, and so offers no chain. Refused, with the field's name: anything else.
 */

import { Shape } from "../shared/shape";
import { chainError } from "./errors";

export interface Network {
  /** Where a wallet gets the network's description and a chain. */
  faucet: string;
  /** The chain that the registry lives on. */
  homeChain: string;
  application: string;
}

const IT = "the description";
const FIELDS = ["faucet", "homeChain", "application"];
const wrong = (where: string, what: string): Error => chainError("network-invalid", `${where} ${what}.`);
const shape = new Shape(wrong);

/** An address that a page may ask: encrypted, or on this very machine. */
function isSafe(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" || (protocol === "http:" && ["localhost", "127.0.0.1"].includes(hostname));
}

export function parseNetwork(json: string): Network {
  const from = shape.fields(shape.decode(json, IT), IT);
  const unknown = Object.keys(from).find((key) => !FIELDS.includes(key));
  if (unknown !== undefined) throw wrong(`field "${unknown}"`, "is not known");
  const faucet = shape.text(from, "faucet", IT);
  if (!isSafe(faucet)) throw wrong('field "faucet"', "is no address with https, nor one on this machine");
  return {
    faucet,
    homeChain: shape.digest(from, "homeChain", IT),
    application: shape.digest(from, "application", IT),
  };
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
  return parseNetwork(json);
}
