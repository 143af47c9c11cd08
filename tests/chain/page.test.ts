// SPDX-License-Identifier: Apache-2.0
/** The page in Chromium, with a real wallet on the real network: what the registry says is the verdict that it shows. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { BrowserContext, Page } from "@playwright/test";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { Chain, network, release } from "./chains";
import { serveCatalogue, serveNetwork, Site } from "./site";
import { serveSmall, smallRelease, WEIGHTS } from "./small-model";

const catalogue = readFileSync("public/models.json", "utf8");
const { id, files } = JSON.parse(catalogue).models[0];
const FIRST = files[0] as { name: string; size: number; sha256: string };

/** The page's first model, as a release. */
function first() {
  const { name, size, sha256 } = FIRST;
  const bytes = readFileSync(`public/models/${name}`);
  const sha3_256 = createHash("sha3-256").update(bytes).digest("hex");
  const one = release();
  return { ...one, files: [{ ...one.files[0]!, name, size, sha256, sha3_256 }] };
}

describe.skipIf(!inject("network"))("the page", () => {
  let alice: Chain; // publishes
  let site: Site;
  let visitor: BrowserContext;

  beforeAll(async () => void ([alice, site] = await Promise.all([Chain.open("page-alice"), Site.open()])));
  afterAll(() => Promise.all([alice?.close(), site?.close()]));
  beforeEach(async () => void (visitor = await site.visitor()));
  afterEach(() => visitor.close());

  /** A page whose only model has this name, so that no test is in another's way. */
  async function open(name: string, change = {}): Promise<Page> {
    await serveSmall(visitor, { name });
    await serveNetwork(visitor, change);
    return site.visit(visitor);
  }

  const fetched = (page: Page) => page.getByRole("button", { name: "Fetch and check it now" }).click();
  const badge = (page: Page, label: string) => page.getByRole("button", { name: `${label}: what` }).waitFor();
  /** What the verdict explains, once these words are there: an answer that comes late changes it. */
  const dialogue = async (page: Page, words: string): Promise<string> => {
    await page.locator("button.badge").click();
    const shown = page.locator("dialog", { hasText: words });
    await shown.waitFor();
    return shown.innerText();
  };

  it("says registered, by whom and where; revoked while it is open, the verdict changes", async () => {
    const { answered } = await alice.publisher.publish("page-fox", first());
    await serveCatalogue(visitor, catalogue.replace(id, "page-fox"));
    const page = await site.visit(visitor);
    await fetched(page);
    await badge(page, "Registered");
    const said = await dialogue(page, "Every byte is as registered");
    const { homeChain, application } = network();
    for (const value of [
      "page-fox, version 1",
      alice.owner,
      homeChain,
      application,
      String(answered!.height),
    ]) {
      expect(said.toLowerCase()).toContain(value.toLowerCase());
    }
    await page.keyboard.press("Escape");
    await alice.publisher.revoke("page-fox", 1, "The weights were poisoned.");
    await badge(page, "Revoked");
    expect(await page.locator(".notice").innerText()).toContain(
      "withdrew this file: The weights were poisoned.",
    );
    await fetched(page);
    await page.locator(".notice", { hasText: "was withdrawn from the registry" }).waitFor();
  });

  it("refuses a file that differs from the registered one, whatever the catalogue says", async () => {
    await alice.publisher.publish("page-crow", smallRelease({ sha256: "e".repeat(64) }));
    const page = await open("page-crow");
    await fetched(page);
    await badge(page, "Refused");
    const said = (await dialogue(page, "These are not the right bytes")).replaceAll(/\s/g, "");
    expect(said).toContain("e".repeat(64));
    expect(said).toContain(WEIGHTS.sha256);
  });

  it("pins what the registry does not know, and says so where the faucet is down", async () => {
    const unknown = await open("page-nobody");
    await fetched(unknown);
    await badge(unknown, "Pinned");
    await dialogue(unknown, "does not know it");
    await unknown.close();
    const down = await open("page-nobody-else", { faucet: "http://localhost:1" });
    await fetched(down);
    await badge(down, "Pinned");
    await dialogue(down, "faucet");
  });

  it("has one wallet for two tabs, and the same one after a reload where the person keeps it", async () => {
    await alice.publisher.publish("page-heron", smallRelease());
    const page = await open("page-heron");
    const keep = page.getByLabel("Keep my wallet in this browser");
    await keep.check();
    await page.getByText("Its key stays here").waitFor();
    const mine = async (): Promise<string | undefined> => {
      await page.locator("button.badge").click();
      await page.getByText("What does this tick mean?").click();
      return /your chain\s+([0-9a-f]{64})/i.exec(await page.locator("dialog").innerText())?.[1];
    };
    await fetched(page);
    await badge(page, "Registered");
    const before = await mine();
    const second = await open("page-heron");
    await fetched(second);
    await second.getByText("Another tab of this site has the wallet open").first().waitFor();
    await second.close();
    await page.reload();
    await fetched(page);
    await badge(page, "Registered");
    expect(await mine()).toBe(before);
    expect(before).toMatch(/^[0-9a-f]{64}$/);
  });
});
