// SPDX-License-Identifier: Apache-2.0
/** The examples, as they are written, with the installed package: each writes run.c's story. */

import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { createServer } from "vite";
import { FOLDER, TARBALL } from "../../scripts/lib/npm-package.mjs";
import { Installed } from "./installed";
import { ISOLATED, serve } from "./serve";
import { STORIES, TOKENIZER, writtenByRunC } from "./stories";

/** Enough of the story that nothing else could be it; the examples write 100 tokens. */
const ENOUGH = 250;

async function expectStory(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole("button").click();
  const story = page.locator("#story");
  const length = async (): Promise<number> => (await story.textContent())!.length;
  await expect.poll(length).toBeGreaterThan(ENOUGH);
  const text = (await story.textContent())!;
  expect(writtenByRunC().slice(0, text.length)).toBe(text);
}

let plain: Installed;
let vite: Installed;

test.beforeAll(async () => {
  plain = await Installed.example("plain");
  plain.place(STORIES, "models/stories260K.bin");
  plain.place(TOKENIZER, "models/tok512.bin");
  vite = await Installed.example("vite");
  vite.place(STORIES, "public/models/stories260K.bin");
  vite.place(TOKENIZER, "public/models/tok512.bin");
});

test.afterAll(() => {
  plain.remove();
  vite.remove();
});

test("the page without a bundler", async ({ page }) => {
  const { server, url } = await serve(plain.folder, ISOLATED);
  await expectStory(page, url);
  await server.close();
});

test("Vite: types, the built page, and the development server", async ({ page }) => {
  vite.run("npm", "run", "build");
  const built = await serve(join(vite.folder, "dist"), ISOLATED);
  await expectStory(page, built.url);
  await built.server.close();
  const development = await createServer({ root: vite.folder, logLevel: "warn", server: { port: 0 } });
  await development.listen();
  await expectStory(page, development.resolvedUrls!.local[0]!);
  await development.close();
});

test("the package's types are found by Node's rules too, and hold under every strict option", () => {
  const strict = ["--skipLibCheck", "false", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes"];
  vite.run("tsc", "--project", ".", "--module", "nodenext", "--moduleResolution", "nodenext", ...strict);
});

test("the same files give the same tarball, wherever and whenever it is packed", () => {
  const project = Installed.empty();
  try {
    cpSync(FOLDER, join(project.folder, "package"), { recursive: true });
    const name = project.run("npm", "pack", "./package").trim();
    expect(project.read(name).equals(readFileSync(TARBALL))).toBe(true);
  } finally {
    project.remove();
  }
});

test("the scripts import nothing, and have nothing of the page or of the chain", () => {
  for (const script of ["index.js", "assets/worker.js", "assets/helper.js"]) {
    const text = plain.read(`node_modules/taleproof/${script}`).toString();
    expect(text, script).not.toMatch(/^import\b|\bfrom "|svelte|linera/im);
  }
});

test("the assets are copied anew over those of another version, and over nothing else", () => {
  plain.run("npx", "taleproof-assets", "served");
  plain.write("served/kernels/old.wasm", "old");
  plain.run("npx", "taleproof-assets", "served");
  expect(existsSync(join(plain.folder, "served/kernels/old.wasm"))).toBe(false);
  plain.write("served/mine.txt", "mine");
  expect(() => plain.run("npx", "taleproof-assets", "served")).toThrow(/mine\.txt/);
  expect(plain.read("served/mine.txt").toString()).toBe("mine");
});
