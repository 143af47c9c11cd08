// SPDX-License-Identifier: Apache-2.0
/**
 * Stop at every point of a first visit: it is said where it can be seen within 200 ms, and the next Write goes on.
 *
 * Each point is held: a file that does not come, or a step of Python's that never ends. One visit meets many points: the
 * Write after each Stop comes as far as the next one, and the last one writes. The time is the page's own, from the click
 * to the change of the document.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test, type Locator, type Page } from "@playwright/test";
import { DeskPage } from "./desk";
import { visit } from "./engine-page";
import { served } from "./file-server";
import { beginOnceWith, exposePython } from "./python-in-worker";
import { at } from "../requests";

const MODEL = "tests/fixtures/stories260K.bin";
const TOKENIZER = "tests/fixtures/tok512.bin";
const OPENING = "Once upon a time";

/** Milliseconds until a person has to be told. */
const PROMPT_MS = 200;
/** Where the machine is loaded: so many times as long as a click that only changes a text. */
const AS_A_CLICK = 5;

const HELD = 'import js\njs.console.log("held")\nwhile True: pass';
/** The first call of a story that has words is held: by then the page has them. */
const HELD_NEXT = [
  "def held(story):",
  "    if not story.text:",
  "        return original(story)",
  "    holder.next = original",
  ...HELD.split("\n").map((line) => `    ${line}`),
  "holder.next = held",
].join("\n");

interface Point {
  name: string;
  /** An address that gets no answer until Stop has been seen. */
  file?: string;
  /** A function of Python's, and what it begins with, once. */
  python?: [string, string];
  /** Whether the model is on its way; its body ends nowhere, once. */
  body?: true;
}

/** By visit, in the order in which a visit meets them. A file that does not come for a minute would end the start. */
const VISITS: Record<string, Point[]> = {
  "while lists and kernels are fetched": [
    { name: "the list of models", file: "models.json" },
    { name: "the chain's description", file: "network.json" },
    { name: "the kernels", file: "kernels/*.wasm" },
  ],
  "while Python is fetched": [
    { name: "Python's loader", file: "pyodide/pyodide.mjs" },
    { name: "Python's glue", file: "pyodide/pyodide.asm.mjs" },
    { name: "the snapshot", file: "pyodide/python.snapshot" },
    { name: "the lock file", file: "pyodide/pyodide-lock.json" },
    { name: "Python itself", file: "pyodide/pyodide.asm.wasm" },
    { name: "Python's library", file: "pyodide/python_stdlib.zip" },
  ],
  "while packages are fetched": [
    { name: "the list of wheels", file: "wheels/wheels.json" },
    { name: "a wheel", file: "wheels/jinja2-*.whl" },
    { name: "a package of Python's", file: "pyodide/numpy-*.whl" },
    { name: "the compiled modules", file: "wheels/bytecode.zip" },
  ],
  "once the engine is there": [
    { name: "the middle of the model", body: true },
    { name: "the tokenizer's server", file: "tok512.bin" },
    { name: "parsing", python: ["taleproof.apps.opener.read_model", HELD] },
    { name: "preparing", python: ["taleproof.tasks.engine.open_wasm", HELD] },
    { name: "the opening being read", python: ["taleproof.apps.worker.story.make_prompt", HELD] },
    { name: "writing", python: ["taleproof.apps.worker.story.Story.next", HELD_NEXT] },
  ],
  "where only the worker's end helps": [
    { name: "the model's server", file: "stories260K.bin" },
    { name: "hashing", python: ["taleproof.memory.browser.Intake.came", HELD] },
  ],
};

declare global {
  interface Window {
    said?: Promise<number>;
  }
}

/** Clicks; returns the page's milliseconds from the click until a paragraph that can be seen has the word. */
async function clickUntil(page: Page, button: Locator, word: string): Promise<number> {
  await page.evaluate((wanted) => {
    const seen = (): boolean =>
      [...document.querySelectorAll("p")].some(
        (one) => one.textContent.includes(wanted) && one.checkVisibility() && one.offsetHeight > 10,
      );
    if (seen()) throw new Error(`${wanted} is there before the click`);
    window.said = new Promise((resolve) => {
      let clicked = NaN;
      addEventListener("click", (event) => (clicked = event.timeStamp), { capture: true, once: true });
      const observer = new MutationObserver(() => {
        if (!seen()) return;
        observer.disconnect();
        resolve(performance.now() - clicked);
      });
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
    });
  }, word);
  await button.click();
  return page.evaluate(() => window.said ?? NaN);
}

/** What a click takes on this machine at this moment that changes a text and does nothing else. */
async function clickAlone(page: Page): Promise<number> {
  await page.evaluate(() => {
    const button = document.createElement("button");
    const text = document.createElement("p");
    button.textContent = "Only a text";
    button.onclick = () => (text.textContent = "Changed");
    const both = document.createElement("div");
    both.id = "alone";
    both.append(button, text);
    document.querySelector("main")?.prepend(both);
  });
  const ms = await clickUntil(page, page.getByRole("button", { name: "Only a text" }), "Changed");
  await page.evaluate(() => document.getElementById("alone")?.remove());
  return ms;
}

/** Lets the site's list name the small model alone. */
async function listSmallModel(page: Page, model: string): Promise<void> {
  const shipped = JSON.parse(readFileSync("public/models.json", "utf8")) as {
    models: { id: string; files: object[] }[];
  };
  const entry = shipped.models.find(({ id }) => id === "stories260k");
  const urls = [[model], ["tok512.bin"]];
  const files = entry?.files.map((file, i) => ({ ...file, urls: urls[i] }));
  await page.route("**/models.json", (route) =>
    route.fulfill({ json: { version: 1, models: [{ ...entry, files }] } }),
  );
  await page.route("**/stories260K.bin", (route) => route.fulfill({ path: MODEL }));
  await page.route("**/tok512.bin", (route) => route.fulfill({ path: TOKENIZER }));
}

/** Holds all requests of an address back; `asked` is done when the first has come. */
async function holdBack(page: Page, file: string): Promise<{ asked: Promise<void>; release: () => void }> {
  let release = (): void => undefined;
  let come = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const asked = new Promise<void>((resolve) => (come = resolve));
  await page.route(`**/${file}`, async (route) => {
    come();
    await released;
    await route.fallback();
  });
  return { asked, release };
}

/** Writes until the point is reached, and stops there. */
async function stopAt(
  desk: DeskPage,
  { python, body }: Point,
  asked: Promise<void> | undefined,
): Promise<void> {
  const { page } = desk;
  let reached = asked;
  if (python) {
    await page.waitForFunction(() => performance.getEntriesByName("engine: ready").length > 0);
    await beginOnceWith(page, ...python);
    reached = page.waitForEvent("console", (message) => message.text() === "held").then(() => undefined);
  }
  await desk.button("Write").click();
  await reached;
  if (body) await expect(page.locator(".progress")).toContainText("300 kB of");
  if (python?.[1] === HELD_NEXT) await expect(desk.story).toContainText(/Once upon a time./);
  const ms = await clickUntil(page, desk.button("Stop"), "Stopped");
  if (ms >= PROMPT_MS) expect(ms).toBeLessThan(AS_A_CLICK * (await clickAlone(page)));
  await expect(desk.button("Write").or(desk.button("New story"))).toBeVisible();
}

for (const [name, points] of Object.entries(VISITS)) {
  test(`Stop ${name} is said at once, and the next Write goes on`, async ({ page, context }) => {
    await exposePython(context);
    await served(readFileSync(MODEL), { stalls: [300_000] }, async ({ url }) => {
      await listSmallModel(page, points.some(({ body }) => body) ? url : "stories260K.bin");
      const held = new Map<Point, Awaited<ReturnType<typeof holdBack>>>();
      for (const point of points) if (point.file) held.set(point, await holdBack(page, point.file));
      const desk = new DeskPage(page);
      await desk.visit();
      await desk.set({ "Most tokens": "8" });
      await desk.opening.fill(OPENING);
      for (const point of points) {
        await test.step(point.name, () => stopAt(desk, point, held.get(point)?.asked));
        held.get(point)?.release();
      }
      if (await desk.button("New story").isVisible()) await desk.startAgain();
      expect((await desk.write(OPENING)).length).toBeGreaterThan(OPENING.length);
      await expect(desk.status).toHaveText(/^Finished/);
    });
  });
}

test("Stop of a request that waits for another one takes effect before its turn", async ({ page }) => {
  await visit(page);
  let asked = 0;
  await page.route("**/second.bin", (route) => {
    asked += 1;
    return route.fulfill({ path: MODEL });
  });
  await page.route("**/first.bin", (route) => route.fulfill({ path: MODEL }));
  await page.route("**/tok512.bin", (route) => route.fulfill({ path: TOKENIZER }));
  const held = await holdBack(page, "first.bin");
  const digest = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
  const tokenizer = at("tok512.bin", { sha256: digest(TOKENIZER) }, "tokenizer");
  const requestFor = (url: string) => ({ sources: [at(url, { sha256: digest(MODEL) }), tokenizer] });
  await page.evaluate(() => window.held.client!.ready());
  const first = page.evaluate((request) => window.held.client!.open(request), requestFor("first.bin"));
  await held.asked;
  const { told, ms, wait } = await page.evaluate(async (request) => {
    const alone = performance.now();
    await new Promise((resolve) => setTimeout(resolve));
    const wait = performance.now() - alone;
    const abort = new AbortController();
    const second = window.held.client!.open(request, undefined, abort.signal);
    const begun = performance.now();
    abort.abort();
    const told = await second.then(
      () => "opened",
      (thrown: { code: string }) => thrown.code,
    );
    return { told, wait, ms: performance.now() - begun };
  }, requestFor("second.bin"));
  expect(told).toBe("cancelled");
  expect(ms).toBeLessThan(Math.max(PROMPT_MS, AS_A_CLICK * wait));
  held.release();
  expect((await first).kind).toBe("ready");
  expect(asked).toBe(0);
});
