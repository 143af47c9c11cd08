// SPDX-License-Identifier: Apache-2.0
/**
 * The built site in Chromium, as the tests with a real wallet in the page use it.
 *
 * A visitor is a browser's context: what one keeps, another does not have, so that two of them are two people. Each is
 * served the description of the tests' network, and may be served another list of models than the site's own.
 */
import { type Browser, type BrowserContext, chromium, type Page } from "@playwright/test";
import { preview, type PreviewServer } from "vite";
import { CHROMIUM_FLAGS, findChromium } from "../../scripts/lib/chromium.mjs";
import { network } from "./chains";

const PATIENCE_MS = 120_000;

export class Site {
  private constructor(
    private readonly server: PreviewServer,
    private readonly browser: Browser,
  ) {}

  static async open(): Promise<Site> {
    const [server, browser] = await Promise.all([
      preview({ preview: { port: 0 }, logLevel: "warn" }),
      chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS }),
    ]);
    return new Site(server, browser);
  }

  get url(): string {
    return this.server.resolvedUrls!.local[0]!;
  }

  /** Somebody with an empty browser. */
  async visitor(): Promise<BrowserContext> {
    const context = await this.browser.newContext({ serviceWorkers: "block" }); // it would answer in place of what tests put there
    context.setDefaultTimeout(PATIENCE_MS);
    await serveNetwork(context);
    return context;
  }

  /** @param fragment of the address: the page of the book, as "#shelf" */
  async visit(visitor: BrowserContext, fragment = ""): Promise<Page> {
    const page = await visitor.newPage();
    await page.goto(this.url + fragment);
    return page;
  }

  async close(): Promise<void> {
    await Promise.all([this.browser.close(), this.server.close()]);
  }
}

/** @param change what is said otherwise of the network, such as another faucet */
export async function serveNetwork(to: BrowserContext | Page, change: object = {}): Promise<void> {
  const { faucet, homeChain, application } = network();
  const json = { faucet, homeChain, application, ...change };
  await to.route("**/network.json", (route) => route.fulfill({ json }));
}

/** @param body instead of models.json */
export async function serveCatalogue(to: BrowserContext | Page, body: string): Promise<void> {
  await to.route("**/models.json", (route) => route.fulfill({ body }));
}
