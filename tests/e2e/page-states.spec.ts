/** Every state of the page, with a played engine: nothing that axe finds, nothing wider than the window, all by keyboard. */
import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import { DeskPage, expectNoSideways, OPENING } from "./desk";
import { pieces, playEngine, TALE, type Play } from "./played";

async function begin(page: Page, play: Play = {}): Promise<DeskPage> {
  await playEngine(page, play);
  const desk = new DeskPage(page);
  await desk.visit();
  return desk;
}

async function writing(page: Page, play: Play): Promise<DeskPage> {
  const desk = await begin(page, play);
  await desk.opening.fill(OPENING);
  await desk.button("Write").click();
  return desk;
}

async function ended(page: Page): Promise<DeskPage> {
  const desk = await begin(page);
  await desk.write();
  return desk;
}

async function onShelf(page: Page): Promise<DeskPage> {
  const desk = await ended(page);
  await page.getByRole("link", { name: /^Shelf/ }).click();
  await expect(page.getByRole("heading", { name: "Stories" })).toBeFocused();
  return desk;
}

async function reading(page: Page): Promise<DeskPage> {
  const desk = await onShelf(page);
  await page.getByRole("link", { name: /^The lighthouse/ }).click();
  await expect(desk.button("Rename")).toBeVisible();
  return desk;
}

const KEPT = [{ sha256: "b".repeat(64), name: "SmolLM2-135M-Instruct.Q4_1.gguf", bytes: 98_362_432 }];

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
      const desk = await begin(page, { kept: KEPT });
      await desk.button("Choose another …").click();
      await expect(page.getByText("Kept in this browser")).toBeVisible();
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
];

async function expectSound(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations.map((rule) => [rule.id, rule.nodes.map((node) => node.html)])).toEqual([]);
  await expectNoSideways(page);
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });
    for (const [name, reach] of STATES) {
      test(`${name}: axe finds nothing and nothing sticks out, on a desk and on a telephone`, async ({
        page,
      }) => {
        await reach(page);
        await expectSound(page);
        await page.setViewportSize({ width: 360, height: 740 });
        await expectSound(page);
      });
    }
  });
}

/** The texts of all stories that the browser keeps, read past the page. */
function keptTexts(page: Page): Promise<string> {
  return page.evaluate(
    () =>
      new Promise<string>((resolve, reject) => {
        const opened = indexedDB.open("taleproof");
        opened.onerror = () => reject(opened.error ?? new Error("closed"));
        opened.onsuccess = () => {
          const all = opened.result.transaction("stories").objectStore("stories").getAll();
          all.onsuccess = () => {
            opened.result.close();
            resolve(JSON.stringify(all.result));
          };
        };
      }),
  );
}

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
  await expect(desk.opening).toHaveValue(OPENING);
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
  await expect(desk.status).toHaveText(/^Stopped: \d+ words written\.$/);
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

test("a crash of the engine loses no word, and the page can write again", async ({ page }) => {
  const desk = await begin(page);
  await desk.write();
  await playEngine(page, { write: "crash", message: "The engine stopped working. Your stories are safe." });
  await page.reload();
  await desk.button("Write").click();
  await expect(desk.notice).toContainText("Your stories are safe.");
  await playEngine(page);
  await desk.write();
  await page.getByRole("link", { name: /^Shelf/ }).click();
  await expect(page.getByRole("listitem")).toHaveCount(2);
});

test("a story that the page was left with in the middle is on the shelf", async ({ page }) => {
  const desk = await writing(page, { write: "hang", after: 60 });
  await expect(desk.story).toContainText("It is only the moon");
  await expect.poll(() => keptTexts(page)).toContain("It is only the moon");
  await page.reload();
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
  await expect(desk.button("Start again")).toBeVisible();
  await expect(desk.story).toContainText("out of the water.");
  await desk.startAgain();
  await expect(desk.opening).toHaveValue(opening);
});

test("right-to-left text runs from the right", async ({ page }) => {
  const desk = await begin(page, { words: [" وقال", " الثعلب"] });
  await desk.write("كان يا ما كان في قديم الزمان");
  const direction = await desk.story
    .locator("p")
    .first()
    .evaluate((p) => getComputedStyle(p).direction);
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
    await expect(desk.button("Start again")).toBeInViewport();
    await expect(desk.story).toContainText("out of the water.");
    await expectNoSideways(page);
  });
});
