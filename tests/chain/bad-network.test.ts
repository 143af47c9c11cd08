// SPDX-License-Identifier: Apache-2.0
/** The page in Chromium where something is wrong with its chain, or with a model's host: told plainly, and never a tick. */
import { join } from "node:path";
import type { BrowserContext } from "@playwright/test";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { buildApplication } from "../../scripts/lib/chain/application.mjs";
import { Child } from "../../scripts/lib/chain/child.mjs";
import { freePort } from "../../scripts/lib/chain/ports.mjs";
import { findEntry, releaseOf } from "../../scripts/lib/chain/release.mjs";
import { Wallet } from "../../scripts/lib/chain/wallet.mjs";
import { Chain, network } from "./chains";
import { serveNetwork, Site } from "./site";
import { bytesOf, OPENING, Reader, serveSmall, SMALL, WEIGHTS } from "./small-model";

async function newWallet(name: string): Promise<Wallet> {
  const wallet = new Wallet(join(network().folder, "test-wallets", name));
  await wallet.claim(network().faucet);
  return wallet;
}

describe.skipIf(!inject("network"))("the page, where something is wrong", () => {
  let site: Site;
  let visitor: BrowserContext;

  beforeAll(async () => void (site = await Site.open()));
  afterAll(() => site?.close());
  beforeEach(async () => {
    visitor = await site.visitor();
    await serveSmall(visitor);
  });
  afterEach(() => visitor.close());

  it("its chain's description is damaged", async () => {
    await visitor.route("**/network.json", (route) => route.fulfill({ body: '{"faucet": "http://loc' }));
    const reader = await Reader.come(site, visitor);
    await reader.page.locator(".notice", { hasText: "network-invalid" }).waitFor();
    await reader.sees("Pinned");
  });

  it("it names an application that the network does not have", async () => {
    await serveNetwork(visitor, { application: "a".repeat(64) });
    const reader = await Reader.come(site, visitor);
    await reader.sees("Pinned");
    await reader.isTold("it has no such application");
  });

  it("it names another home chain than the application's", async () => {
    await serveNetwork(visitor, { homeChain: "a".repeat(64) });
    const reader = await Reader.come(site, visitor);
    await reader.sees("Pinned");
    await reader.isTold(`its registry's home is the chain ${network().homeChain}`);
  });

  it("it names an application of another kind", async () => {
    const wallet = await newWallet("another-kind");
    const { contract } = await buildApplication();
    // A contract that runs, and for its service a program that is none.
    const another = { contract, service: contract };
    const application = await wallet.createApplication(another, { home: wallet.chain, founding: [] });
    await serveNetwork(visitor, { application });
    const reader = await Reader.come(site, visitor);
    await reader.sees("Pinned");
    await reader.isTold("its application is of another kind");
  });

  it("the faucet gives chains, and nothing to pay for a block", async () => {
    const wallet = await newWallet("poor-faucet");
    const [port, storage] = [await freePort(), join(network().folder, "poor-faucet")];
    const words = ["faucet", "--amount", "0", "--port", String(port), "--storage-path", storage];
    const poor = new Child("The poor faucet", "linera", words, wallet.environment);
    try {
      const faucet = `http://localhost:${port}`;
      const listens = () => fetch(faucet).then(() => true, () => false); // prettier-ignore
      await poor.answers(listens, 60_000);
      await serveNetwork(visitor, { faucet });
      const reader = await Reader.come(site, visitor);
      await reader.sees("Pinned");
      await reader.isTold("has nothing left to pay for a block");
    } finally {
      await poor.stop();
    }
  });

  it("a host serves changed bytes under a registered digest", async () => {
    const weights = bytesOf(WEIGHTS.name);
    weights[500_000]! ^= 1;
    await serveSmall(visitor, { weights });
    const reader = await Reader.come(site, visitor);
    await reader.sees("Refused");
    const said = (await reader.readsWhy("These are not the right bytes")).replaceAll(/\s/g, "");
    expect(said).toContain(WEIGHTS.sha256);
    await reader.asksForStory();
    await reader.page.locator(".notice", { hasText: "digest-mismatch" }).waitFor();
    expect(await reader.story()).toBe(OPENING);
  });

  it("the model's name is in another script, and would end a question that it were pasted into", async () => {
    await serveSmall(visitor, { name: '狐-лиса-") { registry { models } } #🦊' });
    const reader = await Reader.come(site, visitor);
    await reader.sees("Pinned");
    await reader.readsWhy("The registry on chain does not know it");
  });

  it("its model was withdrawn after many other changes: a newcomer never sees a tick", async () => {
    const alice = await Chain.open("bad-owl");
    try {
      const { release } = await releaseOf(findEntry(SMALL.id));
      await alice.publisher.publish("bad-owl", release);
      const others = Array.from(
        { length: 40 },
        (_, i) => `o${i}: publish(name: "bad-owl-${i}", release: $release)`,
      );
      await alice.ask(`mutation($release: ReleaseInput!) { ${others.join("\n")} }`, { release });
      await alice.publisher.revoke("bad-owl", 1, "It was poisoned.");
    } finally {
      await alice.close();
    }
    await serveSmall(visitor, { name: "bad-owl" });
    const reader = await Reader.come(site, visitor);
    await reader.page.evaluate(() => {
      new MutationObserver(() => {
        if (document.querySelector("button.badge.registered")) document.title = "a tick";
      }).observe(document.body, { subtree: true, childList: true, attributes: true });
    });
    await reader.sees("Revoked");
    expect(await reader.page.title()).not.toBe("a tick");
  });

  it("nothing is wrong any more: what is published elsewhere arrives by itself", async () => {
    await serveSmall(visitor, { name: "bad-heron" });
    const reader = await Reader.come(site, visitor);
    await reader.sees("Pinned");
    const alice = await Chain.open("bad-alice");
    try {
      const { release } = await releaseOf(findEntry(SMALL.id));
      await alice.publisher.publish("bad-heron", release);
      await reader.sees("Registered");
    } finally {
      await alice.close();
    }
  });
});
