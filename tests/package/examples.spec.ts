/** The examples, as they are written, with the installed package: each writes run.c's story. */

import { cpSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { createServer } from "vite";
import { buildPackage, FOLDER, TARBALL } from "../../scripts/lib/npm-package.mjs";
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

test("the page without a bundler", async ({ page }) => {
  const plain = await Installed.example("plain");
  plain.place(STORIES, "models/stories260K.bin");
  plain.place(TOKENIZER, "models/tok512.bin");
  const { server, url } = await serve(plain.folder, ISOLATED);
  try {
    await expectStory(page, url);
  } finally {
    await server.close();
    plain.remove();
  }
});

test("Vite: types, the built page, and the development server", async ({ page }) => {
  const vite = await Installed.example("vite");
  vite.place(STORIES, "public/models/stories260K.bin");
  vite.place(TOKENIZER, "public/models/tok512.bin");
  try {
    vite.run("npm", "run", "build");
    const built = await serve(join(vite.folder, "dist"), ISOLATED);
    await expectStory(page, built.url);
    await built.server.close();
    const development = await createServer({ root: vite.folder, logLevel: "warn", server: { port: 0 } });
    await development.listen();
    await expectStory(page, development.resolvedUrls!.local[0]!);
    await development.close();
  } finally {
    vite.remove();
  }
});

test("the package's types are found by Node's rules and under every strict option", async () => {
  const strict = await Installed.example("vite");
  try {
    for (const resolution of ["nodenext", "bundler"]) {
      const module = resolution === "bundler" ? "esnext" : resolution;
      const options = ["--module", module, "--moduleResolution", resolution, "--exactOptionalPropertyTypes"];
      strict.run(
        "tsc",
        "--project",
        ".",
        "--skipLibCheck",
        "false",
        "--noUncheckedIndexedAccess",
        ...options,
      );
    }
  } finally {
    strict.remove();
  }
});

test("the same files give the same tarball, wherever and whenever it is packed", async () => {
  await buildPackage();
  const project = Installed.empty();
  try {
    cpSync(FOLDER, join(project.folder, "package"), { recursive: true });
    project.run("npm", "pack", "./package");
    expect(project.read(basename(TARBALL)).equals(readFileSync(TARBALL))).toBe(true);
  } finally {
    project.remove();
  }
});

test("the scripts import nothing, and have nothing of the page or of the chain", async () => {
  const plain = await Installed.example("plain");
  try {
    for (const script of ["index.js", "assets/worker.js", "assets/helper.js"]) {
      const text = plain.read(`node_modules/taleproof/${script}`).toString();
      expect(text, script).not.toMatch(/^import\b|\bfrom "|svelte|linera/im);
    }
  } finally {
    plain.remove();
  }
});

test("the assets are copied anew over those of another version, and over nothing else", async () => {
  const plain = await Installed.example("plain");
  try {
    plain.run("npx", "taleproof-assets", "served");
    plain.write("served/kernels/old.wasm", "old");
    plain.run("npx", "taleproof-assets", "served");
    expect(() => plain.run("cat", "served/kernels/old.wasm")).toThrow();
    plain.write("served/mine.txt", "mine");
    expect(() => plain.run("npx", "taleproof-assets", "served")).toThrow(/mine\.txt/);
    expect(plain.run("cat", "served/mine.txt")).toBe("mine");
  } finally {
    plain.remove();
  }
});
