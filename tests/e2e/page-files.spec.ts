// SPDX-License-Identifier: Apache-2.0
/** Files that the site does not vouch for, and files that are not what they should be, as a person meets them. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test, type Page } from "@playwright/test";
import { DeskPage } from "./desk";
import { FileServer, type Faults } from "./file-server";

const STORIES = "tests/fixtures/stories260K.bin";
const TOKENIZER = "tests/fixtures/tok512.bin";
const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

interface GreedyCases {
  cases: { prompt: string; text: string }[];
}
const greedy = JSON.parse(readFileSync("tests/fixtures/stories260K_greedy.json", "utf8")) as GreedyCases;

/** Lets the site's list name the small model, at an address that may misbehave. */
async function listSmallModel(page: Page, url: string): Promise<void> {
  const shipped = JSON.parse(readFileSync("public/models.json", "utf8")) as { models: { id: string }[] };
  const entry = shipped.models.find((model) => model.id === "stories260k");
  const files = [
    { role: "model", name: "stories260K.bin", size: 1056540, sha256: sha256(STORIES), urls: [url] },
    { role: "tokenizer", name: "tok512.bin", size: 6227, sha256: sha256(TOKENIZER), urls: ["tok512.bin"] },
  ];
  await page.route("**/models.json", (route) =>
    route.fulfill({ json: { version: 1, models: [{ ...entry, files }] } }),
  );
  await page.route("**/tok512.bin", (route) => route.fulfill({ path: TOKENIZER }));
}

async function withServer(
  file: string | Buffer,
  faults: Faults,
  run: (url: string) => Promise<void>,
): Promise<void> {
  const server = await FileServer.start(file, faults);
  try {
    await run(server.url);
  } finally {
    await server.stop();
  }
}

/** Chooses files, or an address, in the dialogue. */
async function chooseOwn(desk: DeskPage, own: { files: string[] } | { address: string }): Promise<void> {
  await desk.button("Choose another …").click();
  if ("files" in own) {
    for (const [i, path] of own.files.entries()) {
      await desk.page.locator("input[type=file]").nth(i).setInputFiles(path);
    }
  } else {
    await desk.page.getByRole("textbox", { name: "Or its address" }).fill(own.address);
  }
  await desk.button("Compute its digest").click();
}

test("a file of one's own: its digest is shown, and it writes only once it was accepted", async ({
  page,
}) => {
  const desk = new DeskPage(page);
  await desk.visit();
  await chooseOwn(desk, { files: [STORIES, TOKENIZER] });
  for (const path of [STORIES, TOKENIZER]) {
    const question = page.getByRole("dialog", { name: "Nobody vouches for this file" });
    await expect(question).toContainText(path.split("/").pop() ?? "");
    const digest = await question.locator("dd.code").innerText();
    expect(digest.replace(/\s/g, "")).toBe(sha256(path));
    await expect(desk.button(/^Unverified/)).toBeHidden();
    await desk.button("Use it, unverified").click();
  }
  await expect(desk.button(/^Unverified/)).toBeVisible();
  const known = greedy.cases[0];
  if (!known) throw new Error("no known story");
  await desk.set({ Temperature: "0", "Repeat penalty": "1", "Most tokens": "60" });
  const text = (await desk.write(known.prompt)).replace(/\s+/g, " ").trim();
  expect(text.length).toBeGreaterThan(100);
  expect(known.text.replace(/\s+/g, " ").startsWith(text)).toBe(true);
  await desk.button(/^Unverified/).click();
  await expect(page.getByRole("dialog")).toContainText("Nothing: nobody vouches for this file.");
});

test("a file that is declined is not used, and nothing else is lost", async ({ page }) => {
  const desk = new DeskPage(page);
  await desk.visit();
  await desk.opening.fill("Once upon a time");
  await chooseOwn(desk, { files: [STORIES, TOKENIZER] });
  await desk.button("Leave it").click();
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(desk.button(/^Unverified/)).toBeHidden();
  await expect(desk.opening).toHaveText("Once upon a time");
  await expect(desk.button("Write")).toBeEnabled();
});

test("a file that is dropped on the page is taken up by the dialogue", async ({ page }) => {
  const desk = new DeskPage(page);
  await desk.visit();
  const files = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["abc"], "my-model.bin"));
    transfer.items.add(new File(["abc"], "tokenizer.bin"));
    return transfer;
  });
  await desk.opening.dispatchEvent("dragover", { dataTransfer: files });
  await desk.opening.dispatchEvent("drop", { dataTransfer: files });
  const dialog = page.getByRole("dialog", { name: "Who shall tell the story?" });
  await expect(dialog).toContainText("my-model.bin");
  await expect(dialog).toContainText("tokenizer.bin");
});

test("one flipped byte is refused; the page says so, shows both digests and recovers", async ({ page }) => {
  await withServer(STORIES, { flip: 500_000 }, async (url) => {
    await listSmallModel(page, url);
    const desk = new DeskPage(page);
    await desk.visit();
    await desk.opening.fill("Once upon a time");
    await desk.button("Write").click();
    await expect(desk.notice.locator(".code")).toHaveText("digest-mismatch");
    await expect(desk.status).toContainText("stories260K.bin");
    await expect(desk.opening).toHaveText("Once upon a time");
    await desk.button(/^Refused/).click();
    const dialog = page.getByRole("dialog", { name: "These are not the right bytes" });
    const digests = (await dialog.locator("dd.code").allInnerTexts()).map((text) => text.replace(/\s/g, ""));
    expect(digests[0]).toBe(sha256(STORIES));
    expect(digests[1]).toMatch(/^[0-9a-f]{64}$/);
    expect(digests[1]).not.toBe(digests[0]);
    await page.keyboard.press("Escape");
    // The same entry, from an address that gives the right bytes.
    await withServer(STORIES, {}, async (right) => {
      await listSmallModel(page, right);
      await page.reload();
      await desk.set({ "Most tokens": "20" });
      await desk.write("Once upon a time");
      await expect(desk.button(/^Pinned/)).toBeVisible();
    });
  });
});

test("Stop during the download: the page is as it was, and the next attempt succeeds", async ({ page }) => {
  const desk = new DeskPage(page);
  // So slow that the download cannot end before it is stopped.
  await withServer(STORIES, { slow: 60_000 }, async (url) => {
    await listSmallModel(page, url);
    await desk.visit();
    await desk.opening.fill("Once upon a time");
    await desk.button("Write").click();
    await expect(page.getByText(/of 1\.1 MB/)).toBeVisible({ timeout: 60_000 });
    await desk.button("Stop").click();
    await expect(desk.button("Write")).toBeFocused();
    await expect(desk.notice).toBeHidden();
    await expect(desk.opening).toHaveText("Once upon a time");
  });
  await withServer(STORIES, {}, async (url) => {
    await listSmallModel(page, url);
    await page.reload();
    await desk.set({ "Most tokens": "10" });
    await desk.write("Once upon a time");
  });
});

const BAD: [string, Buffer][] = [
  ["empty-file", Buffer.alloc(0)],
  ["html-instead-of-model", Buffer.from("<!doctype html><title>Not found</title><p>Log in to go on.")],
  ["unknown-format", Buffer.from("This is a poem and not a model, however you may turn it. ".repeat(40))],
];

test("files that are no model are refused in words, and the page stays usable", async ({ page }) => {
  const desk = new DeskPage(page);
  await desk.visit();
  for (const [code, bytes] of BAD) {
    await desk.button("Choose another …").click();
    const buffer = { name: "strange.gguf", mimeType: "application/octet-stream", buffer: bytes };
    await page.locator("input[type=file]").first().setInputFiles(buffer);
    await desk.button("Compute its digest").click();
    const accept = desk.button("Use it, unverified");
    await expect(accept.or(desk.notice)).toBeVisible({ timeout: 60_000 });
    if (await accept.isVisible()) await accept.click();
    await expect(desk.notice.locator(".code")).toHaveText(code);
    await desk.button("Dismiss").click();
    await desk.opening.fill(`Still here after ${code}`);
    await expect(desk.button("Write")).toBeEnabled();
  }
});

test("an address that leads nowhere is said in words", async ({ page }) => {
  const desk = new DeskPage(page);
  await desk.visit();
  await desk.button("Choose another …").click();
  await desk.page.getByRole("textbox", { name: "Or its address" }).fill("javascript:alert(1)");
  await desk.button("Compute its digest").click();
  await expect(page.getByText(/^Choose a file, or give an address/)).toBeVisible();
  await desk.page
    .getByRole("textbox", { name: "Or its address" })
    .fill(new URL("models/no-such.gguf", page.url()).href);
  await desk.button("Compute its digest").click();
  await expect(desk.notice.locator(".code")).toHaveText("source-not-found", { timeout: 60_000 });
});
