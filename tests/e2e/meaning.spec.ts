// SPDX-License-Identifier: Apache-2.0
/** The shelf by meaning, with the real encoder: found, like one another, and from bytes that were checked. */
import { expect, test, type Page } from "@playwright/test";
import type { Story } from "../../web/app/lib/story";
import { makeStory } from "../web/stories";
import { expectNoSideways } from "./desk";
import { serveEntry, stopAll, type List } from "./real-models";

test.setTimeout(240_000);

const TALES: [title: string, text: string][] = [
  ["The Crossing", "The little ship climbed each wave and fell into the next. Rain tore the sail, and all night long the men baled water and prayed for the harbour."],
  ["Lights on the Water", "Every evening the old lighthouse keeper lit the lamp, so that the fishermen out on the dark sea would find the way between the rocks and come home."],
  ["Grandmother's Kitchen", "Grandmother kneaded the dough on Sunday mornings. When the bread came out of the oven, the whole house smelled of it, and we ate it warm with butter."],
  ["The Clever Fox", "A fox saw a crow with a piece of cheese in her beak. He praised her voice until she opened it to sing, and the cheese fell down to him."],
  ["The Last Robot", "On the empty station above Mars a robot still swept the corridors. It had not heard a human voice for three hundred years, and it went on counting the stars."],
]; // prettier-ignore

const encoder = ({ embedders }: List) => embedders[0];

function tale([title, text]: [string, string], i: number): Story {
  return makeStory({ id: `tale-${i}`, title, opening: "", text, created: Date.UTC(2026, 10, 1 + i) });
}

/** Puts the stories on the shelf, as the page would have. */
async function fillShelf(page: Page): Promise<void> {
  await page.goto("./#shelf");
  await expect(page.getByText("Nothing here yet.")).toBeVisible();
  await page.evaluate(
    async (json) => {
      const db = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open("taleproof");
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(new Error("no shelf"));
      });
      const put = db.transaction("stories", "readwrite");
      for (const story of JSON.parse(json) as object[]) put.objectStore("stories").put(story);
      await new Promise((resolve) => (put.oncomplete = resolve));
      db.close();
    },
    JSON.stringify(TALES.map(tale)),
  );
  await page.reload();
  await expect(page.getByRole("link", { name: /The Crossing/ })).toBeVisible();
}

const titles = (page: Page) => page.locator("main ol .title").allInnerTexts();

async function search(page: Page, words: string): Promise<void> {
  await page.getByRole("searchbox", { name: "Search the shelf" }).fill(words);
  await page.keyboard.press("Enter");
}

test("a search finds what is meant, a story knows its like, and the model is fetched once", async ({
  page,
}) => {
  const servers = await serveEntry(page, encoder);
  try {
    await fillShelf(page);
    await page.getByRole("searchbox", { name: "Search the shelf" }).fill("fox cheese");
    expect(await titles(page)).toEqual(["The Clever Fox"]);

    await page.getByRole("searchbox", { name: "Search the shelf" }).fill("a boat in a storm");
    await expect(page.getByText("No story has these words.")).toBeVisible();
    await page.keyboard.press("Enter");
    const question = page.getByRole("region", { name: "A model to fetch" });
    await expect(question).toContainText("91.3 MB");
    await expect(question).toContainText("Apache-2.0");
    await page.getByRole("button", { name: "Not now" }).click();
    await expect(question).toBeHidden();
    expect([...servers.values()].flatMap((server) => server.ranges)).toEqual([]);

    await search(page, "a boat in a storm");
    await page.getByRole("button", { name: "Fetch it" }).click();
    await expect(page.getByText(/nearness/).first()).toBeVisible({ timeout: 120_000 });
    expect((await titles(page)).slice(0, 2)).toEqual(["The Crossing", "Lights on the Water"]);
    expect(await titles(page)).not.toContain("Grandmother's Kitchen");
    await expect(page.getByRole("button", { name: /^Pinned/ })).toBeVisible();
    await expectNoSideways(page);

    await search(page, "baking bread at home");
    await expect.poll(async () => (await titles(page))[0]).toBe("Grandmother's Kitchen");

    const fetched = servers.get("model.safetensors")?.ranges.length;
    await page.reload();
    await page.getByRole("link", { name: /The Crossing/ }).click();
    const like = page.getByRole("region", { name: "Stories like this one" });
    await expect(like.getByRole("link")).toHaveText(["Lights on the Water"]); // known from before: no engine is started
    await like.getByRole("link").click();
    await expect(like.getByRole("link")).toHaveText(["The Crossing"]);

    await page.getByRole("link", { name: "All stories" }).click();
    await search(page, "machines in space");
    await expect.poll(async () => (await titles(page))[0], { timeout: 60_000 }).toBe("The Last Robot");
    expect(servers.get("model.safetensors")?.ranges.length).toBe(fetched);
  } finally {
    await stopAll(servers);
  }
});

test("a model with one changed byte is refused, with both digests", async ({ page }) => {
  const servers = await serveEntry(page, encoder, { "model.safetensors": { flip: 50_000_000 } });
  try {
    await fillShelf(page);
    await search(page, "a boat in a storm");
    await page.getByRole("button", { name: "Fetch it" }).click();
    const notice = page.getByRole("region", { name: "A problem" });
    await expect(notice.locator(".code")).toHaveText("digest-mismatch", { timeout: 120_000 });
    await page.getByRole("button", { name: "Compare the digests" }).click();
    const digests = await page.getByRole("dialog").locator("dd.code").allInnerTexts();
    expect(new Set(digests.map((digest) => digest.replace(/\s/g, ""))).size).toBeGreaterThan(1);
    await page.keyboard.press("Escape");
    await page.getByRole("searchbox", { name: "Search the shelf" }).fill("fox");
    expect(await titles(page)).toEqual(["The Clever Fox"]); // words are found without it
  } finally {
    await stopAll(servers);
  }
});
