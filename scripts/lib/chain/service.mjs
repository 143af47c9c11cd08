// SPDX-License-Identifier: Apache-2.0
/**
 * A wallet's service: it keeps the wallet's chain in step with the network, answers its messages, and takes GraphQL.
 *
 * In: a wallet. Out: answers to queries; mutations become blocks of the wallet's chain. Refused: a GraphQL error, as a
 * Problem with the application's own code and sentence.
 */
import { errorMessage, Problem } from "../problem.mjs";
import { Child } from "./child.mjs";
import { lineraProblem } from "./linera.mjs";
import { freePort, requirePorts } from "./ports.mjs";

const START_MS = 60_000;
/**
 * One message a block. Each message of this application is a bundle of its own, and a bundle that would find too little fuel
 * left in a block is not kept for the next one: `linera` takes the error for the message's own fault and sends it back.
 * Messages that share no block can't turn each other away, whoever sends them and whatever they cost.
 */
const APART = ["--max-pending-message-bundles", "1"];

export class Service {
  /**
   * @param {import("./wallet.mjs").Wallet} wallet
   * @param {Child} child
   * @param {number} port
   */
  constructor(wallet, child, port) {
    this.wallet = wallet;
    this.child = child;
    this.url = `http://localhost:${port}`;
  }

  /**
   * @param {import("./wallet.mjs").Wallet} wallet
   * @param {{port?: number, options?: string[]}} [how] options of `linera` itself
   */
  static async start(wallet, { port, options = [] } = {}) {
    if (port !== undefined) {
      await requirePorts(
        { "the wallet's service": port },
        "End that program, or choose another with --service-port.",
      );
    }
    const chosen = port ?? (await freePort());
    const args = [...APART, ...options, "service", "--port", String(chosen)];
    const child = new Child("The wallet's service", "linera", args, {
      ...wallet.environment,
      RUST_LOG: "error",
    });
    const service = new Service(wallet, child, chosen);
    try {
      await child.answers(() => service.#ready(), START_MS);
    } catch (error) {
      await child.stop();
      throw lineraProblem(child.what, errorMessage(error), error);
    }
    return service;
  }

  stop() {
    return this.child.stop();
  }

  /**
   * Ask the wallet itself.
   * @template T
   * @param {string} query
   * @param {Record<string, unknown>} variables
   * @returns {Promise<T>}
   */
  ask(query, variables = {}) {
    return askGraphQL(this.url, query, variables);
  }

  /**
   * Ask the application on the wallet's chain.
   * @template T
   * @param {string} application
   * @param {string} query
   * @param {Record<string, unknown>} variables
   * @returns {Promise<T>}
   */
  askApplication(application, query, variables = {}) {
    const url = `${this.url}/chains/${this.wallet.chain}/applications/${application}`;
    return askGraphQL(url, query, variables);
  }

  async #ready() {
    try {
      /** @type {{chains: {default: string | null}}} */
      const { chains } = await this.ask("{ chains { default } }");
      return Boolean(chains.default);
    } catch {
      return false;
    }
  }
}

/**
 * Start a wallet's service for as long as `work` lasts.
 * @template T
 * @param {import("./wallet.mjs").Wallet} wallet
 * @param {(service: Service) => Promise<T>} work
 */
export async function withService(wallet, work) {
  const service = await Service.start(wallet);
  try {
    return await work(service);
  } finally {
    await service.stop();
  }
}

/**
 * @template T what is asked for; the query says so, and nobody checks it here
 * @param {string} url
 * @param {string} query
 * @param {Record<string, unknown>} variables
 * @returns {Promise<T>} the answer's data
 */
export async function askGraphQL(url, query, variables) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const text = await answer.text();
  let body;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new Problem("no-graphql", `${url} answered with status ${answer.status}: ${text.slice(0, 500)}`, {
      cause,
    });
  }
  const errors = [body.errors ?? body.error ?? []].flat();
  if (errors.length === 0) return body.data ?? body;
  const [first] = errors;
  const said = errors.map((error) => error.message ?? String(error)).join("\n");
  if (first.extensions?.code) throw new Problem(first.extensions.code, said);
  throw lineraProblem("What was asked of the chain", said);
}
