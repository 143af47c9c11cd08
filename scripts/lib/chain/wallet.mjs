// SPDX-License-Identifier: Apache-2.0
/**
 * A wallet in a folder of its own: its keys, its chain, its copy of what it has seen of the network.
 *
 * In: a folder and the network's faucet. Out: the chain and its owner, and what `linera` does with them. Only one program
 * at a time can have a wallet open: a command of `linera`, or the wallet's service.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../problem.mjs";
import { linera } from "./linera.mjs";

export class Wallet {
  /** @param {string} folder */
  constructor(folder) {
    this.folder = folder;
  }

  /** What tells `linera` to use this wallet. */
  get environment() {
    return {
      LINERA_WALLET: this.#path("wallet.json"),
      LINERA_KEYSTORE: this.#path("keystore.json"),
      LINERA_STORAGE: `rocksdb:${this.#path("client.db")}`,
    };
  }

  get exists() {
    return existsSync(this.#path("wallet.json"));
  }

  /**
   * Make the wallet and claim a chain for it, unless that is done.
   * @param {string} faucet
   */
  async claim(faucet) {
    if (this.exists) return;
    mkdirSync(this.folder, { recursive: true });
    try {
      await linera(`A wallet from ${faucet}`, ["wallet", "init", "--faucet", faucet], this.environment);
      await linera(
        `A chain from ${faucet}`,
        ["wallet", "request-chain", "--faucet", faucet, "--set-default"],
        this.environment,
      );
    } catch (error) {
      rmSync(this.folder, { recursive: true, force: true }); // half a wallet would be taken for a whole one
      throw error;
    }
  }

  /** The wallet's own chain. @returns {string} */
  get chain() {
    return this.#read().default;
  }

  /** The account that signs the chain's blocks. @returns {string} */
  get owner() {
    const { default: chain, chains } = this.#read();
    const owner = chains[chain]?.owner;
    if (owner === undefined)
      throw new Problem("no-wallet", `The wallet in ${this.folder} does not have its own chain.`);
    return owner;
  }

  /** Put a file of at most 1,000,000 bytes on the network. @param {string} path @returns {Promise<string>} its hash there */
  publishBlob(path) {
    return linera("A data blob", ["publish-data-blob", path], this.environment);
  }

  /**
   * Put the application's code on the network and create the application on this chain.
   * @param {{contract: string, service: string}} wasm paths
   * @param {object} parameters
   * @returns {Promise<string>} the application's id
   */
  createApplication({ contract, service }, parameters) {
    const args = ["publish-and-create", contract, service, "--json-parameters", JSON.stringify(parameters)];
    return linera("The application", args, this.environment);
  }

  /** @param {string} name */
  #path(name) {
    return join(this.folder, name);
  }

  /** @returns {{default: string, chains: Record<string, {owner: string}>}} */
  #read() {
    try {
      return JSON.parse(readFileSync(this.#path("wallet.json"), "utf8"));
    } catch (cause) {
      throw new Problem("no-wallet", `There is no readable wallet in ${this.folder}.`, { cause });
    }
  }
}
