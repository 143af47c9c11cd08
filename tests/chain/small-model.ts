// SPDX-License-Identifier: Apache-2.0
/**
 * The page with the catalogue's small model alone, which is there in a moment. The network has it under the same name from
 * the beginning.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "@playwright/test";
import { release } from "./chains";
import { serveCatalogue, type Site } from "./site";

interface Entry {
  id: string;
  files: { name: string; size: number; sha256: string; urls: string[] }[];
}
const { models } = JSON.parse(readFileSync("public/models.json", "utf8")) as { models: Entry[] };
export const SMALL = models.find(({ id }) => id === "stories260k")!;
export const WEIGHTS = SMALL.files[0]!;
export const bytesOf = (name: string): Buffer => readFileSync(join("tests/fixtures", name));

export const OPENING = "Once upon a time";

/**
 * Its files as a version of a model.
 * @param change what is said otherwise of its weights
 */
export function smallRelease(change: object = {}): ReturnType<typeof release> {
  const one = release();
  const files = SMALL.files.map(({ name, size, sha256 }, i) => {
    const sha3_256 = createHash("sha3-256").update(bytesOf(name)).digest("hex");
    const role = i === 0 ? "WEIGHTS" : "TOKENIZER";
    return { ...one.files[0]!, role, name, size, sha256, sha3_256, ...(i === 0 ? change : {}) };
  });
  return { ...one, files };
}

/** @param change another name of the model, or other bytes of its weights */
export async function serveSmall(
  to: BrowserContext,
  { name = SMALL.id, weights = bytesOf(WEIGHTS.name) } = {},
): Promise<void> {
  const files = SMALL.files.map((file) => ({ ...file, urls: [file.name] }));
  await serveCatalogue(to, JSON.stringify({ version: 1, models: [{ ...SMALL, id: name, files }] }));
  for (const { name } of files) {
    const body = name === WEIGHTS.name ? weights : bytesOf(name);
    await to.route(`**/${name}`, (route) => route.fulfill({ body }));
  }
}

/** The page as its reader meets it. */
export class Reader {
  private constructor(readonly page: Page) {}

  /** Opens the page and has the model fetched and checked. */
  static async come(site: Site, visitor: BrowserContext): Promise<Reader> {
    const reader = new Reader(await site.visit(visitor));
    await reader.fetches();
    return reader;
  }

  async fetches(): Promise<void> {
    await this.page.getByRole("button", { name: "Fetch and check it now" }).click();
  }

  /** Waits for the verdict. */
  async sees(verdict: string): Promise<void> {
    await this.page.getByRole("button", { name: `${verdict}: what` }).waitFor();
  }

  /** Waits for words in the margin, beside the box that lets the chain be asked. */
  async isTold(words: string): Promise<void> {
    await this.page.getByRole("region", { name: "The registry on chain" }).getByText(words).waitFor();
  }

  /** Waits for words in what the verdict explains; returns all of it. */
  async readsWhy(words: string): Promise<string> {
    await this.page.locator("button.badge").click();
    const dialogue = this.page.locator("dialog", { hasText: words });
    await dialogue.waitFor();
    const all = await dialogue.innerText();
    await this.page.keyboard.press("Escape");
    return all;
  }

  async asksForStory(opening = OPENING): Promise<void> {
    await this.page.getByRole("textbox", { name: "How does it begin?" }).fill(opening);
    await this.page.getByRole("button", { name: "Write" }).click();
  }

  /** The story so far, the opening with it. */
  story(): Promise<string> {
    return this.page.locator(".story").innerText();
  }
}
