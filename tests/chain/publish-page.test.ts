// SPDX-License-Identifier: Apache-2.0
/** The publishers' page in Chromium, with a real wallet on the real network: what is asked there is what the home chain has. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import AxeBuilder from "@axe-core/playwright";
import type { BrowserContext, Locator, Page } from "@playwright/test";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { askHome, Chain, release } from "./chains";
import { serveNetwork, Site } from "./site";

const WEIGHTS = "stories260K.bin";
const WORDS = "tok512.bin";
const fixture = (name: string) => `tests/fixtures/${name}`;

/** A file as the registry is to have it. */
function described(role: string, name: string) {
  const bytes = readFileSync(fixture(name));
  const digest = (algorithm: string) => createHash(algorithm).update(bytes).digest("hex");
  const digests = { sha256: digest("sha256"), sha3_256: digest("sha3-256") };
  return { role, name, size: bytes.length, ...digests, urls: [`https://example.org/${name}`] };
}

interface Published {
  owner: string;
  latest: { number: number; revoked: { reason: string } | null; release: { files: object[] } };
}
const atHome = async (name: string) =>
  (
    await askHome<{ model: Published | null }>(
      `query($name: String!) { model(name: $name) { owner latest { number revoked { reason }
        release { description licence architecture format contextLength
          files { role name size sha256 sha3_256 urls } } } } }`,
      { name },
    )
  ).model;

describe.skipIf(!inject("network"))("the publishers' page", () => {
  let alice: Chain; // publishes elsewhere
  let site: Site;
  let visitor: BrowserContext;
  let page: Page;

  beforeAll(
    async () => void ([alice, site] = await Promise.all([Chain.open("publisher-alice"), Site.open()])),
  );
  afterAll(() => Promise.all([alice?.close(), site?.close()]));
  beforeEach(async () => {
    visitor = await site.visitor();
    page = await site.visit(visitor, "#publish");
    await button("Connect").click();
    await chooseOwnFile();
    await button("Publish").waitFor();
  });
  afterEach(() => visitor.close());

  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const field = (name: string) => page.getByRole("textbox", { name, exact: true });
  const region = (name: string) => page.getByRole("region", { name, exact: true });
  /** Waits for words there. */
  const told = (where: Locator, words: string | RegExp) => where.getByText(words).first().waitFor();

  /** A file that nobody vouches for, from the person's own disk. */
  async function chooseOwnFile(): Promise<void> {
    await button("Choose another …").click();
    const files = page.getByRole("dialog").locator("input[type=file]");
    await files.nth(0).setInputFiles(fixture(WEIGHTS));
    await files.nth(1).setInputFiles(fixture(WORDS));
    await button("Compute its digest").click();
    for (const file of [WEIGHTS, WORDS]) {
      await page.getByRole("dialog").getByText(file).first().waitFor();
      await button("Use it, unverified").click();
    }
  }

  async function fill(name: string): Promise<void> {
    await field("Name").fill(name);
    await field("Description").fill("Tells very short stories.");
    await field("Licence").fill("MIT");
    for (const file of [WEIGHTS, WORDS]) {
      await field(`Addresses of ${file}`).fill(`https://example.org/${file}`);
    }
  }

  it("publishes the open file with both digests of each part, and withdraws it", async () => {
    expect(await field("Name").inputValue()).toBe("stories260k");
    await fill("tern");
    await button("Publish").click();
    await told(region("What became of it"), /Accepted.*arrived/s);
    const found = await atHome("tern");
    expect(found?.latest).toEqual({
      number: 1,
      revoked: null,
      release: {
        description: "Tells very short stories.",
        licence: "MIT",
        architecture: "llama",
        format: expect.stringMatching(/^llama2/),
        contextLength: 512,
        files: [described("WEIGHTS", WEIGHTS), described("TOKENIZER", WORDS)],
      },
    });
    await told(page.getByRole("main"), found!.owner);
    await told(region("New in the registry"), "version 1 was published by you");

    await button("Withdraw version 1 of tern").click();
    await expect
      .poll(() => field("Reason").evaluate((node) => node === document.activeElement), { timeout: 60_000 })
      .toBe(true);
    await page.keyboard.press("Enter");
    await told(region("Your models"), "The reason has 1 to 500 characters, not 0.");
    await page.keyboard.type("It was spoilt.");
    await page.keyboard.press("Enter");
    await told(region("Your models"), "Withdrawn: It was spoilt.");
    await told(region("New in the registry"), "version 1 was withdrawn by you");
    expect((await atHome("tern"))?.latest.revoked).toEqual({ reason: "It was spoilt." });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
    }
  });

  it("says what was refused and why, keeps what was typed, and shows what others do", async () => {
    await fill("The Skua!");
    await button("Publish").click();
    await told(page.getByRole("main"), "A name has the letters a to z");
    expect(await field("Name").getAttribute("aria-invalid")).toBe("true");

    await alice.publisher.publish("skua", release());
    await told(region("New in the registry"), "version 1 was published by 0x");
    await field("Name").fill("skua");
    await button("Publish").click();
    await told(region("What became of it"), `The name skua belongs to ${alice.owner}`);
    expect(await field("Name").inputValue()).toBe("skua");
    expect(await field("Description").inputValue()).toBe("Tells very short stories.");
    expect(await field(`Addresses of ${WORDS}`).inputValue()).toBe(`https://example.org/${WORDS}`);
    expect((await atHome("skua"))?.owner).toBe(alice.owner);
  });

  it("publishes the next version of a name, and gives the name to another account", async () => {
    await fill("gull");
    await button("Publish").click();
    await button("Publish the next version of gull").click();
    expect(await field("Name").inputValue()).toBe("gull");
    await button("Publish").click();
    await told(region("Your models"), "Version 2");
    await button("Give gull to another account").click();
    await page.keyboard.type(alice.owner);
    await page.keyboard.press("Enter");
    await told(region("New in the registry"), "was given to");
    await button("Give gull to another account").waitFor({ state: "detached" });
    expect((await atHome("gull"))?.owner).toBe(alice.owner);
  });
});

describe.skipIf(!inject("network"))("the publishers' page, where there is nothing to publish to", () => {
  let site: Site;
  beforeAll(async () => void (site = await Site.open()));
  afterAll(() => site?.close());

  it.each([
    ["the site offers no chain", null, "offers no chain"],
    ["its faucet is down", { faucet: "http://localhost:1" }, "faucet"],
  ])("says that %s", async (_what, change, words) => {
    const visitor = await site.visitor();
    if (change) await serveNetwork(visitor, change);
    else await visitor.route("**/network.json", (route) => route.fulfill({ status: 404 }));
    const page = await site.visit(visitor, "#publish");
    if (change) await page.getByRole("button", { name: "Connect" }).click();
    await page.getByRole("main").getByText(words).first().waitFor();
    await visitor.close();
  });
});
