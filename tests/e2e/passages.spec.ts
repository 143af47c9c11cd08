// SPDX-License-Identifier: Apache-2.0
/** A story with edits and tries, written with the real model: whatever was changed, every take is written again as it was. */
import { execFileSync } from "node:child_process";
import { expect, test, type Page } from "@playwright/test";
import { readingText, type Story, type Take } from "../../web/app/lib/story";
import { DeskPage, OPENING } from "./desk";
import { DEMO } from "./engine-page";
import { keptStories } from "./kept";

/** The one story on the shelf. */
async function kept(page: Page): Promise<Story> {
  const [story] = await keptStories(page);
  return story!;
}

/** Without regard to how the page sets its lines. */
function words(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** What the command line writes from a take's prompt, seed and settings. */
function writtenAgain({ prompt, settings, tokens }: Take): string {
  const { sampler, mode } = settings;
  const asked = {
    "--prompt": prompt,
    "--seed": sampler.seed,
    "--temperature": sampler.temperature,
    "--top-p": sampler.topP,
    "--top-k": sampler.topK,
    "--repeat-penalty": sampler.repeatPenalty,
    "--repeat-last-n": sampler.repeatLastN,
    "--max-tokens": tokens,
  };
  const options = Object.entries(asked).flatMap(([name, value]) => [name, String(value)]);
  const args = ["generate", ...options, ...(mode === "raw" ? [] : [`--${mode}`]), "--json", DEMO.path];
  const said = execFileSync(".venv/bin/taleproof", args, { maxBuffer: 1 << 26 }).toString();
  return (JSON.parse(said) as { text: string }).text;
}

test("an edited story, tried again and gone on with after a reload: each take is written again to the last letter", async ({
  page,
}) => {
  const desk = new DeskPage(page);
  await desk.visit();
  await desk.set({ "Most tokens": "24" });
  const first = await desk.write();

  // A word of the person's in the middle of the model's, and the model goes on from what stands there.
  await desk.story.focus();
  await page.keyboard.press("Control+End");
  await page.keyboard.press("Control+ArrowLeft");
  await page.keyboard.type("suddenly ");
  await expect.poll(() => desk.story.innerText()).toContain("suddenly ");
  await page.keyboard.press("Control+End");
  await desk.button("Continue").click();
  const second = await desk.untilRest();
  expect(second).toContain("suddenly ");

  await desk.button("Try again").click();
  const third = await desk.untilRest();
  expect(third).not.toBe(second);
  const tries = page.getByRole("group", { name: "Tries" });
  await expect(tries).toContainText("2 of 2");
  await desk.button("The try before").click();
  await expect(desk.story).toHaveText(second, { useInnerText: true });
  await desk.story.focus();
  await page.keyboard.press("Control+z");
  await expect(desk.story).toHaveText(third, { useInnerText: true });

  await expect.poll(async () => words(readingText(await kept(page)))).toBe(words(third));
  await page.reload();
  await expect(desk.story).toHaveText(third, { useInnerText: true });
  await desk.button("Continue").click();
  const whole = await desk.untilRest();
  expect(words(whole).startsWith(words(third))).toBe(true);

  const story = await kept(page);
  expect(words(readingText(story))).toBe(words(whole));
  expect(story.takes).toHaveLength(4);
  // The opening, the first take on both sides of the word put into it, the third and the fourth.
  const authors = ["person", "model", "person", "model", "model", "model"];
  expect(story.passages.map(({ author }) => author)).toEqual(authors);
  expect(story.takes[0]!.prompt).toBe(OPENING);
  expect(first.startsWith(OPENING)).toBe(true);
  for (const take of story.takes) expect(writtenAgain(take)).toBe(take.text);
});
