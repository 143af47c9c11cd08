// SPDX-License-Identifier: Apache-2.0
/** What the package's files are served with: what works all the same, and what is said where something is missing. */

import { expect, test, type Page } from "@playwright/test";
import { VERSION } from "../../web/engine/version";
import { Installed } from "./installed";
import { failedStart, start, visit, writeBlankPage } from "./page";
import { FOR_OTHERS, ISOLATED, serve, type Serving } from "./serve";
import { STORIES, STORIES_SOURCE, TOKENIZER, writtenByRunC } from "./stories";

const ASSETS = "node_modules/taleproof/assets";

let installed: Installed;
let isolated: Serving;
let plain: Serving;

test.beforeAll(async () => {
  installed = await Installed.example("plain");
  installed.place(STORIES, "models/stories260K.bin");
  installed.place(TOKENIZER, "models/tok512.bin");
  writeBlankPage(installed);
  isolated = await serve(installed.folder, ISOLATED);
  plain = await serve(installed.folder, FOR_OTHERS);
});

test.afterAll(async () => {
  await Promise.all([isolated.server.close(), plain.server.close()]);
  installed.remove();
});

/** The start of run.c's story, written from the page that has the engine. */
async function expectStory(page: Page): Promise<void> {
  const story = await page.evaluate(async (source) => {
    const model = await window.tale.open(source);
    let text = "Once upon a time";
    const settings = { temperature: 0, repeatPenalty: 1, maxTokens: 100 };
    for await (const event of model.generate(text, settings)) if ("text" in event) text += event.text;
    return text;
  }, STORIES_SOURCE);
  expect(story.length).toBeGreaterThan(200);
  expect(writtenByRunC().slice(0, story.length)).toBe(story);
}

test("without isolation there is one thread, which is said, and the same story", async ({ page }) => {
  await visit(page, plain.url);
  await start(page);
  const { threads, threadsReason } = await page.evaluate(() => window.tale.info);
  expect(threads).toBe(1);
  expect(threadsReason).toContain("not isolated");
  await expectStory(page);
  const error = await failedStart(page, { threads: 2 });
  expect(error.code).toBe("not-isolated");
  expect(error.message).toContain("Cross-Origin-Opener-Policy: same-origin");
});

test("assets of another origin write the same story", async ({ page }) => {
  await visit(page, isolated.url);
  await start(page, `${plain.url}${ASSETS}`);
  await expectStory(page);
});

test("assets of another origin that does not allow it", async ({ page }) => {
  await visit(page, plain.url);
  const error = await failedStart(page, { assets: `${isolated.url}${ASSETS}` });
  expect(error.code).toBe("assets-unreachable");
  expect(error.message).toContain("Access-Control-Allow-Origin");
});

test("assets that are not there, or a page in their place", async ({ page }) => {
  await visit(page, isolated.url);
  const missing = await failedStart(page, { assets: "/nowhere/" });
  expect(missing.code).toBe("assets-not-found");
  expect(missing.message).toContain("npx taleproof-assets");
  expect(missing.details.url).toBe(`${isolated.url}nowhere/worker.js`);
  await page.route("**/elsewhere/**", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html>", headers: ISOLATED }),
  );
  const pageInstead = await failedStart(page, { assets: "/elsewhere" });
  expect(pageInstead.code).toBe("assets-not-found");
  const bundled = await failedStart(page, { assets: "file:///home/me/node_modules/taleproof/assets/" });
  expect(bundled.code).toBe("assets-not-found");
  expect(bundled.message).toContain("npx taleproof-assets");
});

test("a worker without the isolated page's policy", async ({ page }) => {
  await visit(page, isolated.url);
  await page.route("**/worker.js", async (route) => {
    const response = await route.fetch();
    const headers = Object.entries(response.headers()).filter(([name]) => !name.startsWith("cross-origin-"));
    await route.fulfill({ response, headers: Object.fromEntries(headers) });
  });
  const error = await failedStart(page);
  expect(error.code).toBe("worker-not-isolated");
  expect(error.message).toContain("Cross-Origin-Embedder-Policy: require-corp");
});

test("WebAssembly, or a script, of another type than browsers take", async ({ page }) => {
  await visit(page, isolated.url);
  for (const file of ["pyodide.asm.wasm", "pyodide.mjs"]) {
    const pattern = `**/pyodide/${file}`;
    await page.context().route(pattern, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, contentType: "application/octet-stream" });
    });
    const error = await failedStart(page);
    await page.context().unroute(pattern);
    expect(error.code).toBe("wrong-content-type");
    expect(error.details.url).toMatch(file);
  }
});

test("assets of another version", async ({ page }) => {
  await page.route("**/taleproof/index.js", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replaceAll(`"${VERSION}"`, '"99.0.0"');
    await route.fulfill({ response, body });
  });
  await visit(page, isolated.url);
  const error = await failedStart(page);
  expect(error.code).toBe("assets-version");
  expect(error.message).toContain("99.0.0");
});
