// SPDX-License-Identifier: Apache-2.0
/**
 * Whose wallet the page has, in Chromium and on the real network: a person's own account, signing through a provider that
 * stands for MetaMask's (extension.ts says in what), a guest's, and none where the browser cannot have one.
 */
import type { BrowserContext } from "@playwright/test";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { Chain } from "./chains";
import { TestExtension } from "./extension";
import { Site } from "./site";
import { Reader, serveSmall, smallRelease } from "./small-model";

describe.skipIf(!inject("network"))("the wallet in the page", () => {
  let site: Site;
  let visitor: BrowserContext;

  beforeAll(async () => void (site = await Site.open()));
  afterAll(() => site?.close());
  beforeEach(async () => {
    visitor = await site.visitor();
    await serveSmall(visitor);
  });
  afterEach(() => visitor.close());

  const press = (reader: Reader, name: string) =>
    reader.page.getByRole("button", { name, exact: true }).click();

  /** The chain that the reader's wallet has. */
  async function chainOf(reader: Reader): Promise<string> {
    await reader.page.locator("button.badge").click();
    await reader.page.getByText("What does this tick mean?").click();
    const said = await reader.page.locator("dialog").innerText();
    await reader.page.keyboard.press("Escape");
    return /your chain\s+([0-9a-f]{64})/i.exec(said)![1]!;
  }

  /** Somebody who has MetaMask, and chooses it. */
  async function connect(): Promise<{ extension: TestExtension; reader: Reader }> {
    const extension = await TestExtension.installIn(visitor);
    const reader = await Reader.come(site, visitor);
    await reader.page.getByLabel("Use MetaMask").check();
    return { extension, reader };
  }

  it("is of the person's own account, which signs what is put on chain, and is not asked for the rest", async () => {
    const alice = await Chain.open("wallet-page-alice");
    await serveSmall(visitor, { name: "wallet-fox" });
    const { extension, reader } = await connect();
    await reader.isTold(extension.address.toLowerCase());
    await reader.sees("Pinned");
    await alice.publisher.publish("wallet-fox", smallRelease());
    await reader.sees("Registered");
    expect(extension.asked).toBe(1); // for the page's key, which copied the news

    await reader.asksForStory();
    await reader.page.getByRole("link", { name: "It is on your shelf" }).click();
    extension.declines = true;
    await press(reader, "Put this story's receipt on chain");
    await reader.page.getByRole("region", { name: "A problem" }).getByText("MetaMask did not sign").waitFor();
    extension.declines = false;
    await press(reader, "Try again");
    const receipt = reader.page.getByRole("region", { name: "Receipt on chain" });
    await receipt.getByText("Your account says on its chain").waitFor();
    expect((await receipt.innerText()).toLowerCase()).toContain(extension.address.toLowerCase());
    expect(extension.asked).toBe(3);

    await reader.page.goBack();
    await alice.publisher.revoke("wallet-fox", 1, "It lies.");
    await reader.sees("Revoked");
    expect(extension.asked).toBe(3);
    await alice.close();
  });

  it("is the same after a reload, without a question; another account has another chain", async () => {
    const { extension, reader } = await connect();
    await reader.isTold(extension.address.toLowerCase());
    await reader.sees("Registered");
    const first = await chainOf(reader);
    await reader.page.reload();
    await reader.fetches();
    await reader.sees("Registered");
    expect(await chainOf(reader)).toBe(first);
    expect(extension.asked).toBe(1);
    await extension.change(reader.page);
    await reader.isTold("MetaMask shows another account");
    await press(reader, "Ask again");
    await reader.isTold(extension.address.toLowerCase());
    expect(await chainOf(reader)).not.toBe(first);
    await reader.page.getByLabel("Use a guest's wallet").check();
    await reader.isTold("It is a guest's");
  });

  it("waits for MetaMask to be unlocked, and says so; the model stays as it was judged", async () => {
    const extension = await TestExtension.installIn(visitor);
    extension.locked = true;
    const reader = await Reader.come(site, visitor);
    await reader.sees("Registered");
    await reader.page.getByLabel("Use MetaMask").check();
    await reader.isTold("MetaMask is locked");
    await reader.sees("Registered");
    await reader.page.reload();
    await reader.fetches();
    await reader.sees("Registered");
    await reader.readsWhy("and not since");
    await reader.isTold("MetaMask is locked");
    extension.locked = false;
    await press(reader, "Ask again");
    await reader.isTold(extension.address.toLowerCase());
  });

  it("is not the person's own without a signature, and says so", async () => {
    const extension = await TestExtension.installIn(visitor);
    extension.declines = true;
    const reader = await Reader.come(site, visitor);
    await reader.sees("Registered");
    await reader.page.getByLabel("Use MetaMask").check();
    await reader.isTold("MetaMask did not sign");
    extension.declines = false;
    await press(reader, "Ask again");
    await reader.isTold(extension.address.toLowerCase());
    expect(extension.asked).toBe(2);
  });

  it("is a new one at each visit for a guest, and when a kept one is forgotten", async () => {
    const reader = await Reader.come(site, visitor);
    await reader.sees("Registered");
    const seen = [await chainOf(reader)];
    await reader.page.reload();
    await reader.fetches();
    await reader.sees("Registered");
    seen.push(await chainOf(reader));
    await reader.page.getByLabel("Keep my wallet in this browser").check();
    await reader.isTold("Its key stays here");
    await press(reader, "Forget this wallet");
    await press(reader, "Yes, forget it");
    await reader.isTold("It is a guest's");
    await expect.poll(() => chainOf(reader).catch(() => seen[1]!), { timeout: 60_000 }).not.toBe(seen[1]);
    expect(new Set([...seen, await chainOf(reader)]).size).toBe(3);
  });

  it("is not there where the site lacks the headers for shared memory: the list holds, and that is said", async () => {
    await visitor.route(/\/(chain\.html)?$/, async (route) => {
      const response = await route.fetch();
      const headers = response.headers();
      delete headers["cross-origin-opener-policy"];
      delete headers["cross-origin-embedder-policy"];
      await route.fulfill({ response, headers });
    });
    const reader = await Reader.come(site, visitor);
    await reader.sees("Pinned");
    await reader.isTold("no shared memory");
  });
});
