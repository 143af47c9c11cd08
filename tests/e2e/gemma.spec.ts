// SPDX-License-Identifier: Apache-2.0
/** Gemma 3 270M, out of the site's list: nothing is fetched before its terms are agreed to; then it writes. */
import { expect, test } from "@playwright/test";
import { DeskPage } from "./desk";
import { serveEntry, stopAll, type List } from "./real-models";

test.setTimeout(300_000);

const gemma = ({ models }: List) => models.find(({ id }) => id.startsWith("gemma-3"));

test("Gemma 3 writes a story once its terms were agreed to", async ({ page }) => {
  const servers = await serveEntry(page, gemma);
  try {
    const desk = new DeskPage(page);
    await desk.visit();
    await desk.button("Choose another …").click();
    const entry = page
      .getByRole("article")
      .filter({ has: page.getByRole("heading", { name: "Gemma 3 270M" }) });
    await expect(entry).toContainText("Google's terms of use");
    await expect(entry.getByRole("button", { name: /^Choose/ })).toBeHidden();
    expect([...servers.values()].flatMap((server) => server.ranges)).toEqual([]);
    await entry.getByRole("checkbox").check();
    await entry.getByRole("button", { name: "Choose: Gemma 3 270M" }).click();
    await desk.set({ "Most tokens": "30", Seed: "1" });
    const opening = "Once upon a time, in a village by the sea,";
    const text = await desk.write(opening);
    expect(text.startsWith(opening)).toBe(true);
    expect(text.length).toBeGreaterThan(opening.length + 40);
    await expect(desk.button(/^Pinned/)).toBeVisible();
    await desk.startAgain();
    expect(await desk.write(opening)).toBe(text);
  } finally {
    await stopAll(servers);
  }
});
