// SPDX-License-Identifier: Apache-2.0
/**
 * The whole page in Firefox and in WebKit, as a person meets it: a damaged model is refused, and the right one writes
 * the story that the same seed writes in a terminal.
 *
 * In: dist/, as `npm run build` makes it, beside a list of models of the test's own.
 */

import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { preview, type PreviewServer } from "vite";
import { inEachBrowser } from "./browsers";
import { freePort } from "./driven";
import { Person } from "./person";

const STORIES = "tests/fixtures/stories260K.bin";
const TOKENIZER = "tests/fixtures/tok512.bin";

const OPENING = "Once upon a time";
const SEED = "7";
const TOKENS = "60";

interface Entry {
  id: string;
  name: string;
  files: { urls: string[] }[];
}

const folder = mkdtempSync(join(tmpdir(), "taleproof-page-"));
let server: PreviewServer;

/** The site as it is built, but its list offers the small model twice: with one byte changed, and as it should be. */
function layOut(): void {
  for (const name of readdirSync("dist")) {
    if (name !== "models.json") symlinkSync(resolve("dist", name), join(folder, name));
  }
  const damaged = readFileSync(STORIES);
  damaged[500_000] = ~(damaged[500_000] ?? 0) & 255;
  writeFileSync(join(folder, "damaged.bin"), damaged);
  copyFileSync(STORIES, join(folder, "right.bin"));
  copyFileSync(TOKENIZER, join(folder, "tok512.bin"));
  const { models } = JSON.parse(readFileSync("public/models.json", "utf8")) as { models: Entry[] };
  const small = models.find(({ id }) => id === "stories260k");
  if (!small) throw new Error("the list has no small model");
  const offer = (id: string, name: string, url: string) => ({
    ...small,
    id,
    name,
    files: small.files.map((file, i) => ({ ...file, urls: [i === 0 ? url : "tok512.bin"] })),
  });
  const list = [
    offer("damaged", "The damaged one", "damaged.bin"),
    offer("right", "The right one", "right.bin"),
  ];
  writeFileSync(join(folder, "models.json"), JSON.stringify({ version: 1, models: list }));
}

/** What the terminal writes with the settings that the page begins with. */
function toldInTerminal(): string {
  const settings = "--temperature 0.8 --top-p 0.95 --top-k 40 --repeat-penalty 1.1 --json".split(" ");
  const asked = ["--prompt", OPENING, "--seed", SEED, "--max-tokens", TOKENS, "--tokenizer", TOKENIZER];
  const args = ["-m", "taleproof", "generate", STORIES, ...asked, ...settings];
  const { text } = JSON.parse(execFileSync(".venv/bin/python", args, { encoding: "utf8" })) as {
    text: string;
  };
  return OPENING + text;
}

beforeAll(async () => {
  layOut();
  const at = { port: await freePort(), strictPort: true };
  server = await preview({ build: { outDir: folder }, preview: at, logLevel: "warn" });
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

inEachBrowser((_name, browser) => {
  test("a flipped byte is refused, and the right model tells the terminal's story", async () => {
    const person = new Person(browser());
    await browser().visit(server.resolvedUrls?.local[0] ?? "");
    await person.sees("button", "Choose another"); // the list of models is there
    await person.fills("How does it begin?", OPENING);
    await person.presses("Write");
    expect(await person.sees("section", "A problem")).toContain("digest-mismatch");
    await person.sees("button", "Refused");

    await person.presses("Choose another");
    await person.presses("Choose: The right one");
    await person.sees("button", "Pinned");
    await person.presses("How it is told", "summary");
    await person.presses("Always the same seed", "input");
    await person.fills("Seed", SEED);
    await person.fills("Most tokens", TOKENS);
    await person.presses("Write");
    await person.sees("button", "New story");
    expect(words(await person.sees(".story"))).toBe(words(toldInTerminal()));
    expect(await person.sees("article footer")).toContain(`Seed ${SEED}`);
    await person.sees("button", "Pinned");
  });
});

/** Without regard to how the page sets its paragraphs. */
function words(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
