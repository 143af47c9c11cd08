// SPDX-License-Identifier: Apache-2.0
/**
 * Founds a registry: creates the application on its home chain, with the models of the catalogue.
 *
 * In: the wallets of a network. Out: where the registry is. A model whose files are not at hand is left out, and said.
 */
import { basename } from "node:path";
import { Problem } from "../problem.mjs";
import { fitsOnChain, putOnChain } from "./on-chain.mjs";
import { catalogue, releaseOf } from "./release.mjs";

/**
 * @param {string} faucet
 * @param {import("./deployment.mjs").Wallets} wallets
 * @param {{contract: string, service: string}} wasm paths of the compiled application
 * @returns {Promise<import("./deployment.mjs").Deployment>}
 */
export async function foundRegistry(faucet, wallets, wasm) {
  await wallets.home.claim(faucet);
  await wallets.publisher.claim(faucet);
  const founding = [];
  // What has terms of its own is registered by who has agreed to them (npm run chain:publish), and what is known by its
  // SHA3-256 alone by who has the file.
  const free = catalogue().filter(({ licence }) => licence.terms === undefined);
  for (const entry of free.filter(({ files }) => files.every(({ sha256 }) => sha256 !== undefined))) {
    const release = await foundingRelease(entry, wallets.publisher);
    if (release) founding.push({ name: entry.id, owner: wallets.publisher.owner, release });
  }
  const homeChain = wallets.home.chain;
  const application = await wallets.home.createApplication(wasm, { home: homeChain, founding });
  return { faucet, homeChain, application };
}

/**
 * A release of the catalogue, on chain if it is small. Null if its files cannot be had.
 * @param {import("./release.mjs").Entry} entry
 * @param {import("./wallet.mjs").Wallet} wallet
 */
async function foundingRelease(entry, wallet) {
  let found;
  try {
    found = await releaseOf(entry);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    console.log(`${entry.id} is left out: ${error.message}`);
    return null;
  }
  if (!fitsOnChain(found.release)) return found.release;
  console.log(`${entry.id} goes on chain: ${found.paths.map((path) => basename(path)).join(", ")} ...`);
  return putOnChain(found.release, found.paths, wallet);
}
