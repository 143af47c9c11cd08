// SPDX-License-Identifier: Apache-2.0
/**
 * A network with a registry of many models, for as long as it is measured.
 *
 * In: how many models there are to be beside the catalogue's. Out: where the registry is. It ends with `close`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildApplication } from "../chain/application.mjs";
import { Wallets } from "../chain/deployment.mjs";
import { freeBasePort, startNetwork } from "../chain/network.mjs";
import { freePort } from "../chain/ports.mjs";
import { foundRegistry } from "../chain/registry.mjs";
import { findEntry, releaseOf } from "../chain/release.mjs";
import { Service } from "../chain/service.mjs";

/** As many as go into one block. */
const AT_ONCE = 40;
const LOOK_AGAIN_MS = 200;

/** @typedef {import("../chain/deployment.mjs").Deployment} Deployment */

/**
 * @param {number} count
 * @returns {Promise<{deployment: Deployment, models: number, close: () => Promise<void>}>}
 */
export async function openRegistry(count) {
  const folder = mkdtempSync(join(tmpdir(), "taleproof-bench-"));
  /** @type {(() => unknown)[]} */
  const closers = [() => rmSync(folder, { recursive: true, force: true })];
  /** @type {import("../chain/keep.mjs").Later} */
  const later = (closer) => void closers.push(closer);
  const close = async () => {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  };
  try {
    const { broken, faucet } = await startNetwork({
      folder: join(folder, "network"),
      faucetPort: await freePort(),
      basePort: await freeBasePort(),
      prepare: () => {},
      later,
    });
    broken.catch(() => {}); // it is ended by `close`
    const wallets = new Wallets(faucet, folder);
    const deployment = await foundRegistry(faucet, wallets, await buildApplication(console.log));
    const home = await Service.start(wallets.home);
    later(() => home.stop());
    const models = await publish(count, home, deployment.application);
    return { deployment, models, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Publishes that many models, and returns how many the registry then has.
 * @param {number} count
 * @param {Service} home
 * @param {string} application
 */
async function publish(count, home, application) {
  const { release } = await releaseOf(findEntry("stories260k"));
  const names = Array.from({ length: count }, (_, index) => `many-${index}`);
  for (let first = 0; first < count; first += AT_ONCE) {
    const fields = names
      .slice(first, first + AT_ONCE)
      .map((name, i) => `m${i}: publish(name: "${name}", release: $release)`);
    const mutation = `mutation($release: ReleaseInput!) { ${fields.join("\n")} }`;
    await home.askApplication(application, mutation, { release });
  }
  for (;;) {
    /** @type {{registry: {models: number}}} */
    const { registry } = await home.askApplication(application, "{ registry { models } }");
    if (registry.models >= count) return registry.models;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
