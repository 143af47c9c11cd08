// SPDX-License-Identifier: Apache-2.0
/**
 * Where the registry is, for the page and for the other commands, and where its wallets lie.
 *
 * In: a faucet's address, a folder for state. Out: network.json, as web/chain/network.ts reads it; folders. Refused: a
 * missing or damaged network.json.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { cacheFolder, PUBLIC, ROOT } from "../paths.mjs";
import { Problem } from "../problem.mjs";
import { writeWhole } from "../stamp.mjs";
import { Wallet } from "./wallet.mjs";

/** @typedef {{faucet: string, homeChain: string, application: string}} Deployment */

const PUBLIC_FILE = join(PUBLIC, "network.json");
/** The built site has its own copy, which a server that is running reads afresh. */
const BUILT = join(ROOT, "dist");

/** The wallets of one network. */
export class Wallets {
  /**
   * @param {string} faucet
   * @param {string} [folder] for all state; by default in the cache folder
   */
  constructor(faucet, folder = join(cacheFolder(), "networks")) {
    /** One folder a network, named after its faucet. */
    this.folder = join(resolve(folder), new URL(faucet).host.replace(/[^a-z0-9.-]/g, "-"));
    /** It has the home chain: its service answers those who publish. */
    this.home = new Wallet(join(this.folder, "home"));
    /** It publishes and revokes, from a chain of its own, as anybody may. */
    this.publisher = new Wallet(join(this.folder, "publisher"));
  }
}

/**
 * Write network.json for the page.
 * @param {Deployment} deployment
 * @param {string} [path] instead of the site's own
 */
export function writeDeployment({ faucet, homeChain, application }, path) {
  const text = `${JSON.stringify({ faucet, homeChain, application }, null, 2)}\n`;
  for (const place of places(path)) writeWhole(place, text);
}

/** Remove it; the site then offers no chain. @param {string} [path] */
export function removeDeployment(path) {
  for (const place of places(path)) rmSync(place, { force: true });
}

/** @returns {Deployment} */
export function readDeployment(path = PUBLIC_FILE) {
  if (!existsSync(path)) {
    throw new Problem(
      "no-network-json",
      `There is no ${path}, which says where the registry is. Run \`npm run chain:up\` (a network on this machine) in ` +
        "another terminal, or `npm run chain:deploy -- --faucet URL`, or name another with --network FILE.",
    );
  }
  try {
    const { faucet, homeChain, application } = JSON.parse(readFileSync(path, "utf8"));
    if (URL.canParse(faucet) && isHex(homeChain) && isHex(application))
      return { faucet, homeChain, application };
  } catch {
    // Not JSON: said below.
  }
  throw new Problem("network-json-damaged", `${path} is damaged. Remove it, and deploy the registry again.`);
}

/** @param {unknown} text */
function isHex(text) {
  return typeof text === "string" && /^[0-9a-f]{64,}$/.test(text);
}

/** @param {string} [path] */
function places(path) {
  if (path !== undefined) return [path];
  return existsSync(join(BUILT, "index.html")) ? [PUBLIC_FILE, join(BUILT, "network.json")] : [PUBLIC_FILE];
}
