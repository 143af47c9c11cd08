// SPDX-License-Identifier: Apache-2.0
/**
 * Tokens in the page, on the real network and with the real engine: minted by one visitor, given to another, who has the
 * story written again to the same bits; a receipt that lies is found out; what is one's own elsewhere is claimed.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import AxeBuilder from "@axe-core/playwright";
import type { BrowserContext, Locator, Page } from "@playwright/test";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { venvProgram } from "../../scripts/lib/paths.mjs";
import { Chain } from "./chains";
import { Site } from "./site";
import { serveSmall, SMALL } from "./small-model";

const MINT =
  "mutation($minter: AccountOwner!, $receipt: StoryReceiptInput!) { mint(minter: $minter, receipt: $receipt) }";
const TRANSFER =
  "mutation($from: AccountOwner!, $token: Digest!, $to: Account!) { transfer(sourceOwner: $from, tokenId: $token, targetAccount: $to) }";
const OWNED =
  "query($owner: AccountOwner!) { ownedNfts(owner: $owner) { items { tokenId receipt { story } } } }";
const OPENING = "Once upon a time";
const SEED = "7";
const LIMIT = 40;
const WRITTEN = 12;

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** The ids that the command line reads and writes, with the page's settings. */
function knownIds(): { prompt: number[]; written: number[] } {
  const settings = {
    temperature: "0.8",
    "top-p": "0.95",
    "top-k": "40",
    "repeat-penalty": "1.1",
    seed: SEED,
  };
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const model = ["tests/fixtures/stories260K.bin", "--tokenizer", "tests/fixtures/tok512.bin"];
  const asked = ["--prompt", OPENING, "--max-tokens", String(WRITTEN), "--json", ...words];
  const said = execFileSync(venvProgram("python"), ["-m", "taleproof", "generate", ...model, ...asked]);
  const { prompt_tokens: prompt, tokens } = JSON.parse(said.toString()) as {
    prompt_tokens: number[];
    tokens: { id: number }[];
  };
  return { prompt, written: tokens.map(({ id }) => id) };
}

/** The receipt of a story that its writer stopped before its limit; `change` makes it another one. */
function stopped(change: object = {}) {
  const { prompt, written } = knownIds();
  return {
    story: sha256(JSON.stringify(change)),
    model: SMALL.files[0]!.sha256,
    tokenizer: SMALL.files[1]!.sha256,
    numerics: 1,
    kernels: null,
    prompt: OPENING,
    promptTokens: sha256(JSON.stringify(prompt)),
    mode: "RAW",
    date: null,
    sampler: {
      seed: SEED,
      temperature: "0.8",
      topP: "0.95",
      topK: 40,
      minP: null,
      repeatPenalty: "1.1",
      repeatLastN: 64,
    },
    limits: { maxTokens: LIMIT, stop: [], context: 512 },
    tokenCount: WRITTEN,
    tokens: sha256(JSON.stringify(written)),
    ...change,
  };
}

/** Somebody at the page, whose wallet is a guest's. */
class Guest {
  private constructor(readonly page: Page) {}

  static async come(site: Site, visitor: BrowserContext, fragment = ""): Promise<Guest> {
    await serveSmall(visitor);
    return new Guest(await site.visit(visitor, fragment));
  }

  button = (name: string | RegExp): Locator => this.page.getByRole("button", { name });
  field = (name: string): Locator => this.page.getByRole("textbox", { name, exact: true });
  tokens = (): Locator => this.page.getByRole("article", { name: OPENING });

  /** Writes a story, and opens its page on the shelf; returns what it says. */
  async writes(): Promise<string> {
    await this.page.getByText("How it is told").click();
    await this.page.getByRole("radio", { name: "Always the same seed" }).check();
    await this.field("Seed").fill(SEED);
    await this.field("Most tokens").fill(String(LIMIT));
    await this.field("How does it begin?").fill(OPENING);
    const story = await this.writesAtDesk();
    await this.atStory();
    return story;
  }

  async writesAtDesk(): Promise<string> {
    await this.button("Write").click();
    await this.button("New story").waitFor();
    return this.page.locator(".story").innerText();
  }

  async atStory(): Promise<void> {
    await this.turnTo("#shelf");
    await this.page.getByRole("link", { name: OPENING }).click();
  }

  /** Another page of the book; the wallet stays. */
  async turnTo(fragment: string): Promise<void> {
    await this.page.evaluate((hash) => void (location.hash = hash), fragment);
  }

  /** What the desk has, once its page is open. */
  async desk(): Promise<string> {
    await this.turnTo("#");
    await this.button("New story").waitFor();
    return this.page.locator(".story").innerText();
  }

  async atTokens(): Promise<void> {
    await this.turnTo("#tokens");
    await this.page.getByRole("heading", { name: "Tokens" }).waitFor();
  }

  /** As the page shows it, to be copied. */
  async address(): Promise<string> {
    return this.page.locator(".copyable", { hasText: "Your address" }).locator(".code").innerText();
  }

  async account(): Promise<{ chain_id: string; owner: string }> {
    const [chain_id = "", owner = ""] = (await this.address()).split(":");
    return { chain_id, owner };
  }

  /** Has a token's story written again; returns it with what is then said of it. */
  async writesAgain(): Promise<{ story: string; said: string }> {
    await this.button(/^Write it again/).click();
    const mark = this.tokens().locator(".mark");
    await mark.waitFor();
    return { story: await this.tokens().locator(".story").innerText(), said: await mark.innerText() };
  }

  async claims(token: string, chain: string): Promise<void> {
    await this.field("Token").fill(token);
    await this.field("From the chain").fill(chain);
    await this.button("Claim it").press("Enter");
  }
}

describe.skipIf(!inject("network"))("tokens in the page", () => {
  let carol: Chain;
  let site: Site;
  let visitors: BrowserContext[];

  beforeAll(async () => void ([carol, site] = await Promise.all([Chain.open("tokens-carol"), Site.open()])));
  afterAll(() => Promise.all([carol?.close(), site?.close()]));
  beforeEach(() => void (visitors = []));
  afterEach(() => Promise.all(visitors.map((visitor) => visitor.close())));

  async function guest(fragment = ""): Promise<Guest> {
    const visitor = await site.visitor();
    visitors.push(visitor);
    return Guest.come(site, visitor, fragment);
  }

  /** Mints on Carol's chain, and gives the token to an account; returns its id. */
  async function given(receipt: ReturnType<typeof stopped>, to: object): Promise<string> {
    await carol.ask(MINT, { minter: carol.owner, receipt });
    const { ownedNfts } = await carol.ask<{
      ownedNfts: { items: { tokenId: string; receipt: { story: string } }[] };
    }>(OWNED, { owner: carol.owner });
    const token = ownedNfts.items.find((nft) => nft.receipt.story === receipt.story)!.tokenId;
    await carol.ask(TRANSFER, { from: carol.owner, token, to });
    return token;
  }

  it("are minted once, and given to somebody who has the story written again to the same bits", async () => {
    const [alice, bob] = await Promise.all([guest(), guest("#tokens")]);
    const story = await alice.writes();
    expect(await alice.desk()).toBe(story);
    await alice.atStory();
    await alice.button("Mint a token of it").click();
    await alice.page.getByText("It is among your tokens", { exact: true }).waitFor();
    await alice.atTokens();
    expect((await alice.writesAgain()).said).toContain("The same, bit by bit");
    expect(await alice.desk()).toBe(story);
    await alice.atTokens();
    await alice.button(/^Give it away:/).click();
    await alice.field("To the address").fill("0x123");
    await alice.page.keyboard.press("Enter");
    await alice.page.getByText("That is no address").waitFor();
    await alice.field("To the address").fill(await bob.address());
    await alice.page.keyboard.press("Enter");
    await bob.tokens().waitFor();
    await alice.page.getByText("None yet. Choose a story of yours").waitFor();

    const again = await bob.writesAgain();
    expect(again.story).toBe(story);
    expect(again.said).toContain("The same, bit by bit");
    expect(again.said).toContain("So is the whole record");
    for (const colorScheme of ["light", "dark"] as const) {
      await bob.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const { violations } = await new AxeBuilder({ page: bob.page }).analyze();
      expect(violations).toEqual([]);
    }

    await alice.atStory();
    await alice.button("Mint a token of it").click();
    await alice.page.getByText("was minted on your chain already").waitFor();
  });

  it("leave the desk as it is: its story is on the shelf, and the next one is written as ever", async () => {
    const alice = await guest();
    const story = await alice.writes();
    await alice.button("Mint a token of it").click();
    await alice.page.getByRole("link", { name: "It is among your tokens" }).click();
    await alice.page.getByText("it goes on with a new seed").waitFor();
    expect((await alice.writesAgain()).story).toBe(story);
    await alice.turnTo("#");
    await alice.button("New story").click();
    await alice.field("How does it begin?").fill(OPENING);
    expect(await alice.writesAtDesk()).toBe(story);
  });

  it("of a story that its writer stopped end where it was stopped", async () => {
    const bob = await guest("#tokens");
    await given(
      stopped({ limits: { maxTokens: LIMIT, stop: ["never"], context: 512 } }),
      await bob.account(),
    );
    await bob.tokens().waitFor();
    const { said } = await bob.writesAgain();
    expect(said).toContain("The same, bit by bit");
    expect(said).toContain("Its writer stopped it");
  });

  it("whose receipt lies are found out", async () => {
    const bob = await guest("#tokens");
    const tokens = "f".repeat(64);
    await given(stopped({ tokens }), await bob.account());
    await bob.tokens().waitFor();
    const { said } = await bob.writesAgain();
    expect(said).toContain("Not the same");
    expect(said.replace(/\s/g, "")).toContain(tokens);
    expect(said.replace(/\s/g, "")).toContain(stopped().tokens);
  });

  it("of a model that nobody knows say which file is wanted", async () => {
    const bob = await guest("#tokens");
    const model = "e".repeat(64);
    await given(stopped({ model }), await bob.account());
    await bob.button(/^Write it again/).click();
    await bob.tokens().getByText(`Wanted is the SHA-256 ${model}`).waitFor();
    await bob.tokens().getByText("Model file").waitFor();
  });

  it("that are one's own on another chain are claimed; those of others are refused", async () => {
    const bob = await guest("#tokens");
    const { owner } = await bob.account();
    const token = await given(stopped({ kernels: "1".repeat(64) }), { chain_id: carol.id, owner });
    await bob.claims(token, carol.id);
    await bob.tokens().waitFor();
    await bob.page.getByRole("listitem").getByText("accepted").waitFor();

    const hers = await given(stopped({ kernels: "2".repeat(64) }), carol.account);
    await bob.claims(hers, carol.id);
    const refused = bob.page.getByRole("listitem").filter({ hasText: "refused: " });
    await refused.waitFor();
    expect(await refused.innerText()).toContain(`belongs to ${carol.owner}`);
    expect(await bob.tokens().count()).toBe(1);
  });
});
