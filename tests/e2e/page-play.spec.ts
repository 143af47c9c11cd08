// SPDX-License-Identifier: Apache-2.0
/** How the page behaves, with a played engine: keys and focus, what is kept, hostile and endless text, a crash. */
import { expect, test } from "@playwright/test";
import { readingText } from "../../web/app/lib/story";
import { DeskPage, expectNoSideways, OPENING } from "./desk";
import { keptStories } from "./kept";
import { pieces, playEngine, TALE } from "./played";
import { begin, writing } from "./played-desk";

test("the whole way by keyboard alone", async ({ page }) => {
  const desk = await begin(page);
  await page.locator("body").press("Tab");
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
  const tabTo = async (target: RegExp): Promise<void> => {
    for (let i = 0; i < 40 && !target.test(await focused()); i += 1) await page.keyboard.press("Tab");
    expect(await focused()).toMatch(target);
    const outline = await page.evaluate(
      () => getComputedStyle(document.activeElement ?? document.body).outlineStyle,
    );
    expect(outline).not.toBe("none");
  };
  await tabTo(/^The lighthouse had been dark/);
  await page.keyboard.press("Enter");
  await expect(desk.opening).toBeFocused();
  await expect(desk.opening).toHaveText(OPENING);
  await page.keyboard.press("Control+Enter");
  await expect(desk.story).toContainText("out of the water.");
  await tabTo(/^Pinned/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  expect(await focused()).toMatch(/^Pinned/);
  await page.keyboard.press("Shift+Tab");
  await page.goto("./#shelf");
  await tabTo(/^The lighthouse/);
  await page.keyboard.press("Enter");
  await tabTo(/^Rename$/);
  await page.keyboard.press("Enter");
  await page.keyboard.type("A lamp in March");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "A lamp in March" })).toBeVisible();
  expect(await focused()).toBe("Rename");
  await tabTo(/^Delete$/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Stories" })).toBeFocused();
  await expect(desk.status).toHaveText("Deleted A lamp in March. You can still bring it back.");
  await tabTo(/^Bring it back$/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: /^A lamp in March/ })).toBeVisible();
});

test("focus stays on the actions while one takes the other's place; Escape stops", async ({ page }) => {
  const words = pieces(TALE.repeat(400));
  const desk = await begin(page, { words });
  await desk.set({ "Most tokens": "100000" });
  await desk.opening.fill(OPENING);
  await desk.button("Write").focus();
  await page.keyboard.press("Enter");
  await expect(desk.button("Stop")).toBeFocused();
  await expect(desk.story).toContainText("Nobody in the village");
  await page.keyboard.press("Escape");
  await expect(desk.button("Continue")).toBeFocused();
  await expect(desk.status).toHaveText(/^Stopped: [\d,]+ words written\.$/);
});

test("light and dark by the person's own choice, kept for the next visit", async ({ page }) => {
  const desk = await begin(page);
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await desk.button("Dark paper").click();
  await expect.poll(ground).not.toBe(light);
  const dark = await ground();
  await page.reload();
  await expect(desk.button("Light paper")).toBeVisible();
  expect(await ground()).toBe(dark);
});

test("without its list of models the page says so, and takes a file of one's own", async ({ page }) => {
  await playEngine(page);
  await page.route("**/models.json", (route) => route.fulfill({ status: 500 }));
  const desk = new DeskPage(page);
  await desk.visit();
  await expect(desk.notice.locator(".code")).toHaveText("catalogue-unavailable");
  await desk.opening.fill(OPENING);
  await desk.button("Write").click();
  await expect(desk.notice.locator(".code")).toHaveText("no-model");
  await page.unroute("**/models.json");
  await page.route("**/models.json", (route) => route.fulfill({ body: "<!doctype html>" }));
  await page.reload();
  await expect(desk.notice.locator(".code")).toHaveText("catalogue-invalid");
  await page.unroute("**/models.json");
  await desk.button("Try again").click();
  await desk.write();
});

test("a crash of the engine loses no word, and the page can write again", async ({ page }) => {
  const desk = await begin(page);
  await desk.write();
  await playEngine(page, { write: "crash", message: "The engine stopped working. Your stories are safe." });
  await page.reload();
  await desk.button("Continue").click();
  await expect(desk.notice).toContainText("Your stories are safe.");
  await playEngine(page);
  await desk.startAgain();
  await desk.write();
  await page.getByRole("link", { name: /^Shelf/ }).click();
  await expect(page.getByRole("listitem")).toHaveCount(2);
});

test("a story that the page was left with in the middle is on the shelf", async ({ page }) => {
  const desk = await writing(page, { write: "hang", after: 60 });
  await expect(desk.story).toContainText("It is only the moon");
  await expect
    .poll(async () => (await keptStories(page)).map(readingText).join())
    .toContain("It is only the moon");
  await page.reload();
  await expect(desk.story).toContainText("It is only the moon"); // it is on the desk again, to go on with
  await page.getByRole("link", { name: /^Shelf/ }).click();
  await page.getByRole("link", { name: /interrupted/ }).click();
  await expect(desk.story).toContainText("It is only the moon");
});

test("what a model writes is only ever text", async ({ page }) => {
  const alerts: string[] = [];
  page.on("dialog", (dialog) => {
    alerts.push(dialog.message());
    void dialog.dismiss();
  });
  const hostile = " <img src=x onerror=alert(1)><script>alert(2)</script> &lt;b&gt; ";
  const desk = await begin(page, { words: pieces(hostile) });
  const text = await desk.write("<b>Bold</b> opening");
  expect(text).toContain("<img src=x onerror=alert(1)><script>alert(2)</script> &lt;b&gt;");
  expect(await desk.story.locator("img, script, b").count()).toBe(0);
  await page.getByRole("link", { name: /^Shelf/ }).click();
  await page.getByRole("link", { name: /Bold/ }).click();
  await expect(desk.story).toContainText("<img src=x");
  expect(alerts).toEqual([]);
});

test("100,000 characters: the page takes them, sets them and stays quick", async ({ page }) => {
  const desk = await begin(page, { words: pieces(TALE) });
  const opening = "The lamp was lit. ".repeat(5556);
  await desk.opening.fill(opening);
  await desk.button("Write").click();
  await expect(desk.button("New story")).toBeVisible();
  await expect(desk.story).toContainText("out of the water.");
  await desk.startAgain();
  await expect(desk.opening).toHaveText("Write the first line …");
});

test("right-to-left text runs from the right", async ({ page }) => {
  const desk = await begin(page, { words: [" وقال", " الثعلب"] });
  await desk.write("كان يا ما كان في قديم الزمان");
  const direction = await desk.story.evaluate((text) => getComputedStyle(text).direction);
  expect(direction).toBe("rtl");
});

test.describe("on a telephone", () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test("the actions stay within reach of the thumb from the first word to the last", async ({ page }) => {
    const desk = await begin(page);
    const write = await desk.button("Write").boundingBox();
    expect(write?.y).toBeGreaterThan(600);
    expect(write?.height).toBeGreaterThanOrEqual(44);
    await desk.opening.fill(OPENING);
    await desk.button("Write").tap();
    await expect(desk.button("New story")).toBeInViewport();
    await expect(desk.story).toContainText("out of the water.");
    await expectNoSideways(page);
  });
});
