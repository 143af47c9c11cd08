// SPDX-License-Identifier: Apache-2.0
/** Ways to the page's states, with a played engine. In: a blank browser page. Out: the state that each name says. */
import { expect, type Page } from "@playwright/test";
import { DeskPage, OPENING } from "./desk";
import { playEngine, type Play } from "./played";

export async function begin(page: Page, play: Play = {}): Promise<DeskPage> {
  await playEngine(page, play);
  const desk = new DeskPage(page);
  await desk.visit();
  return desk;
}

export async function writing(page: Page, play: Play): Promise<DeskPage> {
  const desk = await begin(page, play);
  await desk.opening.fill(OPENING);
  await desk.button("Write").click();
  return desk;
}

export async function ended(page: Page): Promise<DeskPage> {
  const desk = await begin(page);
  await desk.write();
  return desk;
}

export async function onShelf(page: Page): Promise<DeskPage> {
  const desk = await ended(page);
  await page.getByRole("link", { name: /^Shelf/ }).click();
  await expect(page.getByRole("heading", { name: "Stories" })).toBeFocused();
  return desk;
}

export async function reading(page: Page): Promise<DeskPage> {
  const desk = await onShelf(page);
  await page.getByRole("link", { name: /^The lighthouse/ }).click();
  await expect(desk.button("Rename")).toBeVisible();
  return desk;
}
