// SPDX-License-Identifier: Apache-2.0
/** The whole way with the real model: from an opening to a story that is on the shelf, and the same one again. */
import { readFile } from "node:fs/promises";
import { expect, test, type Page } from "@playwright/test";
import { readingText, type Story } from "../../web/app/lib/story";
import { DeskPage, OPENING } from "./desk";
import { DEMO } from "./engine-page";

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

async function downloaded(page: Page, button: string): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

test("an opening becomes a story on the shelf, from bytes that were checked", async ({ page }) => {
  const desk = new DeskPage(page);
  await desk.visit();
  await expect(page.getByText("SmolLM2 135M Instruct is fetched and checked first.")).toBeVisible();
  await desk.set({ "Most tokens": "40", Seed: "20261122" }); // a seed whose story is longer than that
  const text = await desk.write();
  expect(text.startsWith(OPENING)).toBe(true);
  expect(text.length).toBeGreaterThan(OPENING.length + 60);
  await expect(desk.status).toHaveText(/^Finished: \d+ words? written\.$/);
  await expect(page.getByText(/\d+ tokens a second/)).toBeVisible();
  await expect(page.getByText(/^after [\d.]+ (ms|s)$/)).toBeVisible();

  await desk.button(/^Pinned/).click();
  const dialog = page.getByRole("dialog", { name: "This site vouches for these bytes" });
  const digests = await dialog.locator("dd.code").allInnerTexts();
  expect(digests.map((digest) => digest.replace(/\s/g, ""))).toEqual([DEMO.sha256, DEMO.sha256]);
  await page.keyboard.press("Escape");
  await expect(desk.button(/^Pinned/)).toBeFocused();

  await page.getByRole("link", { name: "It is on your shelf" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  expect(await desk.story.innerText()).toBe(text);

  const markdown = await downloaded(page, "Markdown");
  expect(markdown.name).toBe("the-lighthouse-had-been-dark-for-eleven.md");
  expect(markdown.text).toContain(DEMO.sha256);
  const json = JSON.parse((await downloaded(page, "JSON")).text) as Story;
  expect(json).toMatchObject({
    format: "taleproof-story",
    passages: [{ author: "person", text: OPENING }, { author: "model" }],
    takes: [{ prompt: OPENING, tokens: 40, model: { sha256: DEMO.sha256 }, settings: { mode: "story" } }],
  });
  expect(json.takes[0]?.record).not.toBeNull();

  await desk.button("Copy").click();
  await expect(desk.status).toHaveText("The story is copied.");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toBe(readingText(json));
});

test("the same seed writes the same story; Stop and Continue change nothing of it", async ({ page }) => {
  const desk = new DeskPage(page);
  await desk.visit();
  await desk.set({ "Most tokens": "60", Seed: "20261123" }); // its story is longer than 1,500 tokens: Stop is in time
  const first = await desk.write();
  await expect(page.locator("article footer")).toContainText("Seed 20261123");

  await desk.startAgain();
  await desk.set({ "Most tokens": "1500" });
  await desk.opening.fill(OPENING);
  await desk.button("Write").click();
  await expect(desk.story).toContainText(first.slice(0, OPENING.length + 20), { timeout: 60_000 });
  await desk.button("Stop").click();
  const stopped = await desk.untilRest();
  expect(stopped.length).toBeGreaterThan(OPENING.length);
  await expect(desk.status).toHaveText(/^Stopped/);

  await desk.set({ "Most tokens": "60" });
  await desk.button("Continue").click();
  await expect(desk.status).toHaveText(/^Finished/, { timeout: 60_000 });
  const whole = await desk.story.innerText();
  expect(whole.length).toBeGreaterThan(stopped.length);
  const shorter = Math.min(first.length, whole.length);
  expect(whole.slice(0, shorter)).toBe(first.slice(0, shorter));

  await desk.startAgain();
  await desk.set({ Seed: "20261122", "Most tokens": "60" });
  expect(await desk.write()).not.toBe(first);
});

test("a story of the shelf is written again from what the shelf keeps, to the last letter", async ({
  page,
}) => {
  const desk = new DeskPage(page);
  await desk.visit();
  await desk.set({ "Most tokens": "30" });
  const first = await desk.write();
  await page.reload(); // a new visit: the engine, the model and the desk begin anew
  await page.getByRole("link", { name: /^Shelf/ }).click();
  await page.getByRole("link", { name: /^The lighthouse/ }).click();
  await desk.button("Write it again").click();
  await expect(desk.opening).toHaveText(OPENING);
  await desk.button("Write").click();
  expect(await desk.untilRest()).toBe(first);
});

test("openings that are too long, or in any script, leave the page usable", async ({ page }) => {
  const desk = new DeskPage(page);
  await desk.visit();
  await desk.set({ "Most tokens": "4" });
  await desk.opening.fill("A very long tale. ".repeat(5556));
  await desk.button("Write").click();
  await expect(desk.notice).toContainText(/\d/, { timeout: 120_000 });
  await expect(desk.notice.locator(".code")).toHaveText("story-too-long");
  for (const opening of ["🦊🦊🦊 ran and 🦊", "كان يا ما كان في قديم الزمان", "昔々あるところに、"]) {
    const text = await desk.write(opening);
    expect(text.startsWith(opening)).toBe(true);
    await desk.startAgain();
  }
  await desk.opening.focus();
  await page.evaluate(() => document.execCommand("insertText", false, "half a fox \ud83e is here"));
  await desk.button("Write").click();
  await expect(desk.notice.or(desk.button("New story"))).toBeVisible();
  await desk
    .button(/^(New story|Dismiss)$/)
    .first()
    .click();
  await expect(desk.opening).toBeVisible();
});
