// SPDX-License-Identifier: Apache-2.0
/**
 * Asks the registry's home chain for a change, from the publisher's own chain.
 *
 * In: the publisher's service, the application, a mutation. Out: the home chain's answer. Refused: what the home chain
 * refuses, in its words; and a home chain that does not answer.
 */
import { Problem } from "../problem.mjs";

const ANSWER_MS = 60_000;
const PUBLISH =
  "mutation($name: String!, $release: ReleaseInput!) { publish(name: $name, release: $release) }";
const REVOKE =
  "mutation($name: String!, $version: Int!, $reason: String!) { revoke(name: $name, version: $version, reason: $reason) }";

/** @typedef {{number: number, status: string, reason: string | null, answered: {height: number} | null}} Request */
/** @typedef {Request & {answered: {height: number}}} Accepted */
/** @typedef {Record<string, unknown>} Variables */

export class Publisher {
  /**
   * @param {import("./service.mjs").Service} service of the publisher's wallet
   * @param {string} application
   */
  constructor(service, application) {
    this.service = service;
    this.application = application;
  }

  /**
   * @param {string} name
   * @param {import("./release.mjs").Release} release
   * @returns {Promise<Accepted>}
   */
  publish(name, release) {
    return this.#request(PUBLISH, { name, release });
  }

  /**
   * @param {string} name
   * @param {number} version
   * @param {string} reason
   * @returns {Promise<Accepted>}
   */
  revoke(name, version, reason) {
    return this.#request(REVOKE, { name, version, reason });
  }

  /** @param {string} mutation @param {Variables} variables @returns {Promise<Accepted>} */
  async #request(mutation, variables) {
    const after = await this.#count();
    await this.#ask(mutation, variables);
    const request = await this.#answer(after + 1);
    const { answered } = request;
    if (request.status === "ACCEPTED" && answered) return { ...request, answered };
    const reason = request.reason ?? request.status;
    const code = /\[([a-z0-9-]+)\]$/.exec(reason)?.[1] ?? "refused";
    throw new Problem(code, `The registry refused it: ${reason.replace(/ \[[a-z0-9-]+\]$/, "")}`);
  }

  /** How many requests this chain has made. */
  async #count() {
    let count = 0;
    /** @type {number | null} */
    let after = 0;
    while (after !== null) {
      const query = "query($after: Int) { requests(after: $after, first: 100) { items { number } next } }";
      /** @type {{requests: {items: unknown[], next: number | null}}} */
      const { requests } = await this.#ask(query, { after });
      count += requests.items.length;
      after = requests.next;
    }
    return count;
  }

  /** @param {number} number @returns {Promise<Request>} */
  async #answer(number) {
    const query =
      "query($number: Int!) { request(number: $number) { number status reason answered { height } } }";
    for (const end = Date.now() + ANSWER_MS; Date.now() < end;) {
      /** @type {{request: Request | null}} */
      const { request } = await this.#ask(query, { number });
      if (request && request.status !== "PENDING") return request;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Problem(
      "no-answer",
      "The request is on its way, and the home chain has not answered it. Its keeper has to run `npm run chain:serve` " +
        "(or `npm run chain:up`, for a network on this machine); the answer then stands in this chain's requests.",
    );
  }

  /**
   * @template T
   * @param {string} query
   * @param {Variables} variables
   * @returns {Promise<T>}
   */
  #ask(query, variables) {
    return this.service.askApplication(this.application, query, variables);
  }
}
