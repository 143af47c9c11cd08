// SPDX-License-Identifier: Apache-2.0
/**
 * Real wallets, each with a chain of its own and its service, as the tests use them.
 *
 * A Chain asks the application on its chain, and waits for what others bring there: a query is put again until its answer is
 * the one that is waited for, or two minutes have passed.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { inject } from "vitest";
import { Publisher } from "../../scripts/lib/chain/publisher.mjs";
import { askGraphQL, Service } from "../../scripts/lib/chain/service.mjs";
import { Wallet } from "../../scripts/lib/chain/wallet.mjs";
import type { TestNetwork } from "./global-setup";

const PATIENCE_MS = 120_000;
const LOOK_AGAIN_MS = 50;

export type Variables = Record<string, unknown>;

/** The network, in a file whose tests are not skipped. */
export function network(): TestNetwork {
  const found = inject("network");
  if (!found) throw new Error("there is no network, and these tests should have been skipped");
  return found;
}

export class Chain {
  readonly publisher: Publisher;

  private constructor(
    private readonly service: Service,
    private readonly application: string,
  ) {
    this.publisher = new Publisher(service, application);
  }

  /** @param options of `linera` itself */
  static async open(name: string, options: string[] = []): Promise<Chain> {
    const { folder, faucet, application } = network();
    const wallet = new Wallet(join(folder, "test-wallets", name));
    await wallet.claim(faucet);
    return new Chain(await Service.start(wallet, { options }), application);
  }

  get id(): string {
    return this.service.wallet.chain;
  }

  get owner(): string {
    return this.service.wallet.owner;
  }

  /** An account on this chain, as Linera's scalar has it. */
  get account(): { chain_id: string; owner: string } {
    return { chain_id: this.id, owner: this.owner };
  }

  async ask<T>(query: string, variables: Variables = {}): Promise<T> {
    return (await this.service.askApplication(this.application, query, variables)) as T;
  }

  /** Asks until the answer is as it should be. */
  async until<T>(
    query: string,
    variables: Variables,
    fits: (answer: T) => boolean,
    patience = PATIENCE_MS,
  ): Promise<T> {
    for (const end = Date.now() + patience; ;) {
      const answer = await this.ask<T>(query, variables);
      if (fits(answer)) return answer;
      if (Date.now() > end)
        throw new Error(`this is still the answer to ${query}: ${JSON.stringify(answer)}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }

  /** Follows the home chain, and waits for all that it was told of. */
  async follow(): Promise<void> {
    await this.ask("mutation { follow }");
    await this.until<{ registry: { following: boolean; copied: number; announced: number } }>(
      "{ registry { following copied announced } }",
      {},
      ({ registry }) => registry.following && registry.copied > 0 && registry.copied === registry.announced,
    );
  }

  async close(): Promise<void> {
    await this.service.stop();
  }
}

/** A question to the home chain, through the service that `chain:up` runs there. */
export async function askHome<T>(query: string, variables: Variables = {}): Promise<T> {
  const { servicePort, homeChain, application } = network();
  const url = `http://localhost:${servicePort}/chains/${homeChain}/applications/${application}`;
  return (await askGraphQL(url, query, variables)) as T;
}

/** Holds the home chain's service still during some work: what is sent to it meanwhile has come before it makes a block. */
export async function whileHomeWaits(work: () => Promise<unknown>): Promise<void> {
  const command = `linera .*service --port ${network().servicePort}$`;
  const pid = Number(execFileSync("pgrep", ["-f", command], { encoding: "utf8" }));
  process.kill(pid, "SIGSTOP");
  try {
    await work();
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

/** A release that keeps to all limits, with weights of these digests. */
export function release(digit = "a") {
  const file = {
    role: "WEIGHTS",
    name: "model.gguf",
    size: 1000,
    sha256: digit.repeat(64),
    sha3_256: digit.repeat(64),
    urls: ["https://example.org/model.gguf"],
    chunks: [] as { hash: string; size: number }[],
  };
  return {
    description: "A model for tests",
    licence: "MIT",
    architecture: "llama",
    format: "gguf",
    contextLength: 512,
    files: [file],
  };
}
