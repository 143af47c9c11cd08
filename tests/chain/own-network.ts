// SPDX-License-Identifier: Apache-2.0
/**
 * A network of a test's own, which the test may end.
 *
 * Out: a registry with the catalogue's models, on a network whose faucet and validator answer until `end`. Nobody keeps its
 * home chain's service: the founding models are there without it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildApplication } from "../../scripts/lib/chain/application.mjs";
import { type Deployment, Wallets } from "../../scripts/lib/chain/deployment.mjs";
import { freeBasePort, startNetwork } from "../../scripts/lib/chain/network.mjs";
import { freePort } from "../../scripts/lib/chain/ports.mjs";
import { foundRegistry } from "../../scripts/lib/chain/registry.mjs";

export class OwnNetwork {
  private constructor(
    readonly deployment: Deployment,
    /** Ends every program of the network. */
    readonly end: () => Promise<void>,
  ) {}

  static async start(): Promise<OwnNetwork> {
    const folder = mkdtempSync(join(tmpdir(), "taleproof-chain-"));
    const closers: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
    const end = async (): Promise<void> => {
      while (closers.length > 0) await closers.pop()!();
    };
    try {
      const { broken, faucet } = await startNetwork({
        folder: join(folder, "network"),
        faucetPort: await freePort(),
        basePort: await freeBasePort(),
        prepare: () => undefined,
        later: (closer) => closers.push(closer),
      });
      broken.catch(() => undefined); // its end is what the test is about
      const wasm = await buildApplication();
      return new OwnNetwork(await foundRegistry(faucet, new Wallets(faucet, folder), wasm), end);
    } catch (error) {
      await end();
      throw error;
    }
  }
}
