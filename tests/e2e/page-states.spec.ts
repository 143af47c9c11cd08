// SPDX-License-Identifier: Apache-2.0
/** Every state of the page, with a played engine: nothing that axe finds, nothing wider than the window. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import { expectNoSideways } from "./desk";
import { begin, ended, onShelf, reading, writing } from "./played-desk";

const KEPT = [{ sha256: "b".repeat(64), name: "SmolLM2-135M-Instruct.Q4_1.gguf", bytes: 98_362_432 }];

const CHAIN = { faucet: "https://localhost:1/", homeChain: "a".repeat(64), application: "b".repeat(64) };

const STATES: [string, (page: Page) => Promise<unknown>][] = [
  ["a blank page while the engine starts", (page) => begin(page, { start: "hang" })],
  [
    "a model on its way",
    async (page) => {
      await writing(page, { open: "hang" });
      await expect(page.getByRole("progressbar")).toBeVisible();
    },
  ],
  [
    "a story being written",
    async (page) => {
      const desk = await writing(page, { write: "hang", after: 60 });
      await expect(desk.story).toContainText("It is only the moon");
    },
  ],
  ["a story at rest", ended],
  [
    "a model refused",
    async (page) => {
      const desk = await writing(page, { open: "refuse" });
      await desk.button("Compare the digests").click();
    },
  ],
  [
    "an error",
    async (page) => {
      const desk = await writing(page, { open: "refuse" });
      await expect(desk.notice).toBeVisible();
    },
  ],
  ["the verdict", async (page) => (await ended(page)).button(/^Pinned/).click()],
  [
    "settings out of range",
    async (page) => {
      const desk = await begin(page);
      await desk.set({ Temperature: "99", Seed: "x" });
    },
  ],
  [
    "the choice of a model",
    async (page) => {
      const halves = [{ sha256: "d".repeat(64), bytes: 41_000_000 }];
      const desk = await begin(page, { kept: KEPT, halves });
      await desk.button("Choose another …").click();
      await expect(page.getByText("Kept in this browser")).toBeVisible();
      await expect(desk.button(/^Remove the beginning of a file dddddddddddd/)).toBeVisible();
    },
  ],
  [
    "the question about a file",
    async (page) => {
      const desk = await begin(page);
      await desk.button("Choose another …").click();
      await page.locator("input[type=file]").first().setInputFiles("tests/fixtures/tok512.bin");
      await page.locator("input[type=file]").first().setInputFiles("tests/fixtures/stories260K.bin");
      await desk.button("Compute its digest").click();
      await expect(desk.button("Use it, unverified")).toBeVisible();
    },
  ],
  [
    "an empty shelf",
    async (page) => {
      await begin(page);
      await page.getByRole("link", { name: /^Shelf/ }).click();
    },
  ],
  ["a shelf", onShelf],
  ["a story of the shelf", reading],
  ["a story being renamed", async (page) => (await reading(page)).button("Rename").click()],
  [
    "a story deleted",
    async (page) => {
      await (await reading(page)).button("Delete").click();
      await expect(page.getByRole("button", { name: "Bring it back" })).toBeVisible();
    },
  ],
  [
    "a story that is not there",
    async (page) => {
      await begin(page);
      await page.goto("./#story/none");
    },
  ],
  [
    "the publishers' page of a site without a chain",
    async (page) => {
      await offer(page, null);
      await begin(page);
      await page.goto("./#publish");
      await expect(page.getByText("This site offers no chain")).toBeVisible();
    },
  ],
  [
    "the publishers' page before there is an account",
    async (page) => {
      await offer(page, CHAIN);
      await begin(page);
      await page.goto("./#publish");
      await expect(page.getByRole("button", { name: "Connect" })).toBeVisible();
    },
  ],
  [
    "the tokens of a site without a chain",
    async (page) => {
      await offer(page, null);
      await begin(page);
      await page.goto("./#tokens");
      await expect(page.getByText("This site offers no chain")).toBeVisible();
    },
  ],
  [
    "the tokens of a chain that cannot be reached",
    async (page) => {
      await offer(page, CHAIN);
      await begin(page);
      await page.goto("./#tokens");
      await expect(page.getByRole("button", { name: "Ask again" })).toBeVisible();
    },
  ],
];

/** Describes a chain to the page, which nobody asks; null for a site that offers none. */
async function offer(page: Page, json: object | null): Promise<void> {
  await page.route("**/network.json", (route) =>
    json ? route.fulfill({ json }) : route.fulfill({ status: 404 }),
  );
}

async function expectSound(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations.map((rule) => [rule.id, rule.nodes.map((node) => node.html)])).toEqual([]);
  await expectNoSideways(page);
}

test.use({ contextOptions: { reducedMotion: "reduce" } });

for (const [name, reach] of STATES) {
  test(`${name}: axe finds nothing and nothing sticks out, on a desk and on a telephone`, async ({
    page,
  }) => {
    await page.emulateMedia({ colorScheme: "light" });
    await reach(page);
    await expectSound(page);
    // A colour is the same at every width, and a width at every colour: two of the four pairs have all of both.
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 360, height: 740 });
    await expectSound(page);
  });
}
