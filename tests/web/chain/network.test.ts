// SPDX-License-Identifier: Apache-2.0
/** public/network.json: what is taken, and that anything else is a clear error. */
import { describe, expect, it } from "vitest";
import { fetchNetwork, parseNetwork } from "../../../web/chain/network";
import { NETWORK } from "./played";

const whole = (change: object = {}): string => JSON.stringify({ ...NETWORK, ...change });

describe("parseNetwork", () => {
  it("takes a whole description", () => expect(parseNetwork(whole())).toEqual(NETWORK));

  it.each([
    ["", "not JSON"],
    ["<!doctype html>", "not JSON"],
    ["[]", "not an object"],
    ["{}", "faucet"],
    [whole({ faucet: 5 }), "faucet"],
    [whole({ faucet: "faucet" }), "faucet"],
    [whole({ faucet: "http://example.org/" }), "faucet"],
    [whole({ faucet: "javascript:alert(1)" }), "faucet"],
    [whole({ homeChain: "A".repeat(64) }), "homeChain"],
    [whole({ homeChain: null }), "homeChain"],
    [whole({ application: "b".repeat(63) }), "application"],
    [whole({ application: "b".repeat(64) + '"' }), "application"],
    [whole({ validators: [] }), "validators"],
  ])("refuses %s", (json, named) => {
    expect(() => parseNetwork(json)).toThrow(named);
    expect(() => parseNetwork(json)).toThrow(expect.objectContaining({ code: "network-invalid" }) as Error);
  });
});

describe("fetchNetwork", () => {
  const fetched = (response: () => Response): Promise<unknown> =>
    fetchNetwork("http://localhost/tales/", async (input) => {
      expect(String(input)).toBe("http://localhost/tales/network.json");
      return response();
    });

  it("offers no chain where the site has no description", async () => {
    expect(await fetched(() => new Response("", { status: 404 }))).toBeNull();
    expect(await fetched(() => new Response("null\n"))).toBeNull();
  });

  it("takes the one that there is", async () => {
    expect(await fetched(() => new Response(whole()))).toEqual(NETWORK);
  });

  it.each([
    ["another status", () => new Response("", { status: 500 }), "network-unavailable"],
    ["no connection", () => { throw new TypeError("offline"); }, "network-unavailable"], // prettier-ignore
    ["a page in its place", () => new Response("<html>"), "network-invalid"],
  ])("tells of %s", async (_what, response, code) => {
    await expect(fetched(response)).rejects.toMatchObject({ code });
  });
});
