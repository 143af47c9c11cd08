// SPDX-License-Identifier: Apache-2.0
/** The site without a network, on a host that isolates nothing, below a path, in a new version, and without https. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, expect, test, type BrowserContext, type Page } from "@playwright/test";
import { CHROMIUM_FLAGS, findChromium } from "../../scripts/lib/chromium.mjs";
import { HEADERS } from "../../scripts/lib/headers.mjs";
import { makeServiceWorker } from "../../scripts/lib/offline.mjs";
import { ROOT } from "../../scripts/lib/paths.mjs";
import { DeskPage } from "./desk";
import { PlainHost } from "./plain-host";

const DIST = join(ROOT, "dist");
const MODEL = "models/SmolLM2-135M-Instruct.Q4_1.gguf";
let scratch = "";
/** What a test leaves open where it fails. */
let opened: (() => Promise<void>)[] = [];

test.beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "taleproof-offline-"));
});
test.afterEach(async () => {
  for (const close of opened.reverse()) await close();
  opened = [];
  rmSync(scratch, { recursive: true, force: true });
});

async function serve(...given: Parameters<typeof PlainHost.start>): Promise<PlainHost> {
  const host = await PlainHost.start(...given);
  opened.push(() => host.stop());
  return host;
}

/** A browser that keeps what it keeps in a folder, so that it can be closed and opened again. */
async function browse(baseURL: string, flags: string[] = []): Promise<BrowserContext> {
  const context = await chromium.launchPersistentContext(join(scratch, "profile"), {
    baseURL,
    executablePath: findChromium(),
    args: [...CHROMIUM_FLAGS, ...flags],
    serviceWorkers: "allow",
  });
  opened.push(() => context.close());
  return context;
}

/** The files of the site's version that crossed the network more than once. */
function sentTwice(host: PlainHost): string[] {
  const twice = [...host.sent].filter(([, times]) => times > 1).map(([name]) => name);
  return twice.filter((name) => !["sw.js", "network.json", "models.json"].includes(name));
}

/** Until every file of the site is in the browser. */
async function untilKept(page: Page): Promise<void> {
  const isWhole = async (): Promise<boolean> => {
    for (const name of await caches.keys()) {
      const keys = await (await caches.open(name)).keys();
      if (keys.some(({ url }) => url.includes("/kept/whole/"))) return true;
    }
    return false;
  };
  await expect.poll(() => page.evaluate(isWhole).catch(() => false), { timeout: 120_000 }).toBe(true);
}

test("after the first visit the page opens, reads the shelf and writes without a network, restarted too", async () => {
  const host = await serve(DIST, "/taleproof/");
  const first = await browse(host.url());
  let desk = new DeskPage(await first.newPage());
  await desk.visit();
  expect(await desk.page.evaluate(() => [crossOriginIsolated, typeof SharedArrayBuffer])).toEqual([
    true,
    "function",
  ]);
  await desk.set({ "Most tokens": "12", Seed: "5" });
  const online = await desk.write();
  await untilKept(desk.page);
  expect(sentTwice(host)).toEqual([]);
  expect(host.sent.get("pyodide/pyodide.asm.wasm")).toBe(1);
  expect(host.sent.get(MODEL)).toBe(1);
  await first.close();
  const url = host.url();
  await host.stop();

  const second = await browse(url);
  desk = new DeskPage(await second.newPage());
  const failed: string[] = [];
  desk.page.on("requestfailed", (request) => failed.push(request.url()));
  await desk.page.goto("./");
  expect(await desk.untilRest()).toBe(online); // the story is on the desk again
  await desk.startAgain();
  expect(await desk.page.evaluate(() => crossOriginIsolated)).toBe(true);
  const shelf = desk.page.getByRole("navigation").getByRole("link", { name: /^Shelf/ });
  await expect(shelf).toContainText("1");
  await desk.set({ "Most tokens": "12", Seed: "5" });
  expect(await desk.write()).toBe(online);
  await shelf.click();
  await expect(desk.page.getByRole("link", { name: /lighthouse/ })).toHaveCount(2);
  expect(failed.filter((address) => !/\/(sw\.js|models\.json|network\.json)$/.test(address))).toEqual([]);
});

/** A site without models, which can be given a new version. */
function copySite(): string {
  const folder = join(scratch, "site");
  cpSync(DIST, folder, { recursive: true, filter: (path) => path !== join(DIST, "models") });
  return folder;
}

async function release(folder: string, name: string): Promise<void> {
  const path = join(folder, "index.html");
  const html = readFileSync(path, "utf8").replace(/ data-version="[^"]*"/, "");
  rmSync(path);
  writeFileSync(path, html.replace("<html ", `<html data-version="${name}" `));
  await makeServiceWorker(folder);
}

test("a new version is offered, waits for other tabs, and never mixes with the old one", async () => {
  const folder = copySite();
  await release(folder, "one");
  const host = await serve(folder, "/", HEADERS);
  const context = await browse(host.url());
  const page = await context.newPage();
  const version = (): Promise<string | undefined> =>
    page.evaluate(() => document.documentElement.dataset.version);
  await page.goto("./");
  await untilKept(page);
  expect(sentTwice(host)).toEqual([]);

  await release(folder, "two");
  host.sent.clear();
  await page.goto("./");
  const offer = page.getByRole("region", { name: "A new version" });
  await expect(offer).toBeVisible();
  expect(await version()).toBe("one");
  expect(
    [...host.sent.keys()].filter((name) => !/^(sw\.js|index\.html|models\.json|network\.json)$/.test(name)),
  ).toEqual([]);
  await page.goto("./");
  expect(await version()).toBe("one");

  const other = await context.newPage();
  await other.goto("./");
  await offer.getByRole("button", { name: "Use it now" }).click();
  await expect(offer).toContainText("Close Taleproof in your other tabs first.");
  expect(await other.evaluate(() => document.documentElement.dataset.version)).toBe("one");
  await other.close();
  await offer.getByRole("button", { name: "Use it now" }).click();
  await page.waitForFunction(() => document.documentElement.dataset.version === "two");
  await expect(offer).toBeHidden();
});

test("over plain http from another device the page says what it needs, and fetches nothing", async () => {
  const host = await serve(DIST);
  const context = await browse(host.url("tales.test"), ["--host-resolver-rules=MAP tales.test 127.0.0.1"]);
  const page = await context.newPage();
  await page.goto("./");
  expect(await page.evaluate(() => isSecureContext)).toBe(false);
  await expect(page.getByRole("heading", { name: "Taleproof needs https here" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Try the same address with https" })).toHaveAttribute(
    "href",
    /^https:\/\/tales\.test/,
  );
  expect([...host.sent.keys()].filter((name) => /^(pyodide|wheels|kernels|models)\//.test(name))).toEqual([]);
});
