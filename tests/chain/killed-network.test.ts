// SPDX-License-Identifier: Apache-2.0
/** The page in Chromium when its network ends: stories go on, and what was read before is told with its age. */
import type { BrowserContext } from "@playwright/test";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { OwnNetwork } from "./own-network";
import { serveNetwork, Site } from "./site";
import { OPENING, Reader, serveSmall } from "./small-model";

describe.skipIf(!inject("network"))("the page, when its network ends", () => {
  let site: Site;
  let visitor: BrowserContext;
  let network: OwnNetwork;

  beforeAll(async () => void (site = await Site.open()));
  afterAll(() => site?.close());
  beforeEach(async () => {
    [visitor, network] = await Promise.all([site.visitor(), OwnNetwork.start()]);
    await serveNetwork(visitor, network.deployment);
    await serveSmall(visitor);
  });
  afterEach(() => Promise.all([visitor.close(), network.end()]));

  it("during a story, which goes on; on the next visit the last answer stands in, with its age", async () => {
    const reader = await Reader.come(site, visitor);
    const { page } = reader;
    await reader.sees("Registered");
    await page.getByText("How it is told").click();
    // Without chance, and free to repeat itself, so small a model does not come to an end.
    const endless = { Temperature: "0", "Repeat penalty": "1", "Most tokens": "100000" };
    for (const [field, value] of Object.entries(endless))
      await page.getByRole("textbox", { name: field, exact: true }).fill(value);
    await reader.asksForStory();
    await expect.poll(() => reader.story(), { timeout: 60_000 }).not.toBe(OPENING);
    await network.end();
    const before = await reader.story();
    await expect.poll(() => reader.story(), { timeout: 60_000 }).not.toBe(before);
    const again = page.getByRole("button", { name: "New story" });
    const stop = page.getByRole("button", { name: "Stop" });
    await stop.or(again).waitFor();
    await stop.click({ timeout: 5000 }).catch(() => again.waitFor()); // on a slow machine its context may be full by then
    await again.waitFor();
    await reader.sees("Registered");

    await page.reload();
    await reader.fetches();
    await reader.sees("Registered");
    await reader.readsWhy("and not since");
    await reader.isTold("faucet");
  });

  it("while it is asked: the site's own list holds, and it is said that the chain does not answer", async () => {
    // What the page asks of the validator waits here until there is none any more.
    const asked: (() => Promise<void>)[] = [];
    let first = (): void => undefined;
    const reached = new Promise<void>((resolve) => (first = resolve));
    await visitor.route(/ValidatorNode/, (route) => {
      asked.push(() => route.continue());
      first();
    });
    const reader = await Reader.come(site, visitor);
    await reached;
    await network.end();
    await visitor.unroute(/ValidatorNode/);
    await Promise.all(asked.map((go) => go()));
    await reader.sees("Pinned");
    await reader.isTold("The chain did not answer within 5 seconds. It is still being asked.");
    await reader.asksForStory();
    await reader.page.getByRole("button", { name: "New story" }).waitFor();
  });
});
