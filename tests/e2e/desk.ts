// SPDX-License-Identifier: Apache-2.0
/** The page as a person meets it: its parts by the names that they have for everybody, and the ways between them. */
import { expect, type Locator, type Page } from "@playwright/test";

export const OPENING =
  "The lighthouse had been dark for eleven years when, one evening in March, somebody lit the lamp.";

export class DeskPage {
  readonly opening: Locator;
  readonly story: Locator;
  readonly status: Locator;
  readonly notice: Locator;

  constructor(readonly page: Page) {
    this.opening = page.getByRole("textbox", { name: /How does it begin|What shall it tell/ });
    this.story = page.locator(".story");
    this.status = page.getByRole("status");
    this.notice = page.getByRole("region", { name: "A problem" });
  }

  async visit(): Promise<void> {
    await this.page.goto("./");
    await expect(this.opening).toBeVisible();
    await expect(this.page.getByRole("button", { name: "Choose another …" })).toBeVisible();
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", { name, exact: typeof name === "string" });
  }

  /** Opens the settings where they are folded, and fills what is given; a field's name is its label. */
  async set(fields: Record<string, string>): Promise<void> {
    const panel = this.page.getByRole("radio", { name: "Always the same seed" });
    if (!(await panel.isVisible())) await this.page.getByText("How it is told").click();
    if ("Seed" in fields) await panel.check();
    for (const [label, value] of Object.entries(fields)) {
      await this.page.getByRole("textbox", { name: label, exact: true }).fill(value);
    }
  }

  /** Writes to the end of what the settings allow; returns the whole text. */
  async write(opening = OPENING): Promise<string> {
    await this.opening.fill(opening);
    await this.button("Write").click();
    return this.untilRest();
  }

  async untilRest(): Promise<string> {
    await expect(this.button("New story")).toBeVisible({ timeout: 120_000 });
    return this.story.innerText();
  }

  async startAgain(): Promise<void> {
    await this.button("New story").click();
    await expect(this.opening).toBeFocused();
  }
}

/** Nothing sticks out to the right, which would let the page be pushed sideways. */
export async function expectNoSideways(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(
    () => [document.documentElement.scrollWidth, innerWidth] as const,
  );
  expect(content).toBeLessThanOrEqual(window);
}
