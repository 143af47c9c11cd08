// SPDX-License-Identifier: Apache-2.0
/** The page takes a model from the chain itself: every part of it checked, and no other host asked for anything. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { BrowserContext, Page } from "@playwright/test";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { venvProgram } from "../../scripts/lib/paths.mjs";
import { Chain, network, release } from "./chains";
import { Site } from "./site";

interface File {
  role: string;
  name: string;
  size: number;
  sha256: string;
  sha3_256: string;
  urls: string[];
  chunks: { hash: string; size: number }[];
}

/** What `npm run chain:up` publishes with its bytes. */
const TALES = "stories260k";
const RELEASE = `{ model(name: "${TALES}") { latest { release {
  description licence architecture format contextLength
  files { role name size sha256 sha3_256 urls chunks { hash size } } } } } }`;
const OPENING = "Once upon a time";
const TOKENS = "60";

/** The story as the command line writes it from the file on the disk, with the page's settings. */
function known(): string {
  const settings = { temperature: "0.8", "top-p": "0.95", "top-k": "40", "repeat-penalty": "1.1", seed: "7" };
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const model = ["tests/fixtures/stories260K.bin", "--tokenizer", "tests/fixtures/tok512.bin"];
  const asked = ["--prompt", OPENING, "--max-tokens", TOKENS, "--json", ...words];
  const said = execFileSync(venvProgram("python"), ["-m", "taleproof", "generate", ...model, ...asked]);
  return OPENING + (JSON.parse(said.toString()) as { text: string }).text;
}

/** The addresses that the network's own parts answer at: its faucet, and the validators that it names. */
async function hostsOfTheNetwork(): Promise<string[]> {
  const { faucet } = network();
  const query = "{ currentValidators { networkAddress } }";
  const answer = await fetch(faucet, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  const { data } = (await answer.json()) as { data: { currentValidators: { networkAddress: string }[] } };
  const validators = data.currentValidators.map(({ networkAddress }) => networkAddress.replace(/^\w+:/, ""));
  return [new URL(faucet).host, ...validators];
}

describe.skipIf(!inject("network"))("a model on chain, in the page", () => {
  let alice: Chain; // publishes
  let site: Site;
  let visitor: BrowserContext;
  let tales: Omit<ReturnType<typeof release>, "files"> & { files: File[] };

  beforeAll(async () => {
    [alice, site] = await Promise.all([Chain.open("on-chain-page"), Site.open()]);
    await alice.follow();
    const { model } = await alice.ask<{ model: { latest: { release: typeof tales } } }>(RELEASE);
    tales = model.latest.release;
  });
  afterAll(() => Promise.all([alice?.close(), site?.close()]));
  beforeEach(async () => void (visitor = await site.visitor()));
  afterEach(() => visitor.close());

  /** A version of the tales with other weights, under a name of its own. */
  async function publish(name: string, change: Partial<File>, of: Partial<typeof tales> = {}): Promise<void> {
    const [weights, tokenizer] = tales.files;
    await alice.publisher.publish(name, { ...tales, ...of, files: [{ ...weights!, ...change }, tokenizer!] });
  }

  /** Looks a model up in the dialogue. */
  async function lookUp(page: Page, name: string): Promise<void> {
    await page.getByRole("button", { name: "Choose another …" }).click();
    await page.getByRole("searchbox", { name: "Look up a name" }).fill(name);
    await page.keyboard.press("Enter");
  }

  async function choose(page: Page, name: string): Promise<void> {
    await lookUp(page, name);
    await page.getByRole("button", { name: `Choose: ${name}`, exact: true }).click();
  }

  const badge = (page: Page, label: string) => page.getByRole("button", { name: `${label}: what` }).waitFor();
  const ticks = (page: Page) => page.getByRole("button", { name: "Registered: what" }).count();

  async function isTold(page: Page, code: string): Promise<string> {
    const notice = page.locator(".notice", { hasText: code });
    await notice.waitFor();
    expect(await ticks(page)).toBe(0);
    return notice.innerText();
  }

  async function write(page: Page): Promise<string> {
    const fixed = page.getByRole("radio", { name: "Always the same seed" });
    if (!(await fixed.isVisible())) await page.getByText("How it is told").click();
    await fixed.check();
    await page.getByRole("textbox", { name: "Seed", exact: true }).fill("7");
    await page.getByRole("textbox", { name: "Most tokens", exact: true }).fill(TOKENS);
    await page.getByRole("textbox", { name: "How does it begin?" }).fill(OPENING);
    await page.getByRole("button", { name: "Write", exact: true }).click();
    await page.getByRole("button", { name: "New story" }).waitFor();
    return page.locator(".story").innerText();
  }

  it("writes a story with every other host blocked; the second time nothing is read of the chain", async () => {
    const allowed = [new URL(site.url).host, ...(await hostsOfTheNetwork())];
    const refused: string[] = [];
    await visitor.route(
      (url) => !allowed.includes(url.host) || /\.(bin|gguf)$/.test(url.pathname),
      (route) => {
        refused.push(route.request().url());
        return route.abort();
      },
    );
    const chunksAsked: number[] = [];
    await visitor.exposeBinding("askedForChunk", () => void chunksAsked.push(1));
    await visitor.addInitScript(() => {
      const { postMessage } = MessagePort.prototype;
      MessagePort.prototype.postMessage = function (message: unknown, ...rest: unknown[]) {
        const { args } = message as { args?: { query?: string } };
        if (args?.query?.includes("chunk(hash"))
          (window as unknown as { askedForChunk(): void }).askedForChunk();
        return Reflect.apply(postMessage, this, [message, ...rest]);
      };
    });
    const page = await site.visit(visitor);
    await choose(page, TALES);
    await badge(page, "Registered");
    const story = await write(page);
    expect(story.replace(/\s+/g, " ").trim()).toBe(known().replace(/\s+/g, " ").trim());
    expect(chunksAsked).toHaveLength(4);
    await page.reload();
    await choose(page, TALES);
    await badge(page, "Registered");
    expect(chunksAsked).toHaveLength(4);
    expect(refused).toEqual([]);
  });

  it("refuses a part that has another length than the registry lists", async () => {
    const [first, second, third] = tales.files[0]!.chunks;
    const chunks = [{ ...first!, size: first!.size - 1 }, second!, { ...third!, size: third!.size + 1 }];
    await publish("on-chain-long", { chunks });
    const page = await site.visit(visitor);
    await choose(page, "on-chain-long");
    expect(await isTold(page, "chunk-size")).toContain(
      "part 1 of 3 of stories260K.bin has 500000 bytes, and not 499999.",
    );
  });

  it("refuses the right parts in another order", async () => {
    const [first, second, third] = tales.files[0]!.chunks;
    await publish("on-chain-turned", { chunks: [second!, first!, third!] });
    const page = await site.visit(visitor);
    await choose(page, "on-chain-turned");
    await badge(page, "Refused");
    expect(await isTold(page, "digest-mismatch")).toContain(tales.files[0]!.sha256);
  });

  // The application lists no blob that is not there, and the client takes none that is not the one it asked for: so for
  // what follows the answers are changed on their way from the wallet's frame to the page.
  async function visitWhereAnswersHave(found: string, instead: string): Promise<Page> {
    await visitor.addInitScript(
      ([found, instead]) => {
        const { postMessage } = MessagePort.prototype;
        MessagePort.prototype.postMessage = function (message: { result?: unknown }, ...rest: unknown[]) {
          const { result } = message;
          const changed =
            typeof result === "string"
              ? { ...message, result: result.replaceAll(found!, instead!) }
              : message;
          return Reflect.apply(postMessage, this, [changed, ...rest]);
        };
      },
      [found, instead],
    );
    return site.visit(visitor);
  }

  it("says which part the network lacks", async () => {
    const page = await visitWhereAnswersHave(tales.files[0]!.chunks[1]!.hash, "0".repeat(64));
    await choose(page, TALES);
    expect(await isTold(page, "blob-missing")).toContain("part 2 of 3 of stories260K.bin");
  });

  it("refuses other bytes than those that a part is listed by, and what is no bytes", async () => {
    const start = readFileSync("tests/fixtures/stories260K.bin").subarray(0, 3).toString("base64");
    const page = await visitWhereAnswersHave(`"chunk":"${start}`, '"chunk":"AAAA');
    await choose(page, TALES);
    expect(await isTold(page, "chunk-digest")).toContain("part 1 of 3 of stories260K.bin");
    const other = await visitWhereAnswersHave('"chunk":"', '"chunk":"*');
    await page.close(); // it had the wallet
    await choose(other, TALES);
    await isTold(other, "chunk-not-base64");
  });

  it("takes a model that is not on chain from its address, once", async () => {
    const asked: string[] = [];
    await visitor.route("**/tales/*.bin", (route) => {
      asked.push(new URL(route.request().url()).pathname);
      return route.fulfill({ path: `tests/fixtures/${asked.at(-1)!.slice("/tales/".length)}` });
    });
    const files = tales.files.map((file) => ({ ...file, chunks: [], urls: [`tales/${file.name}`] }));
    await alice.publisher.publish("on-chain-not", { ...tales, files });
    const page = await site.visit(visitor);
    await choose(page, "on-chain-not");
    await badge(page, "Registered");
    await page.reload();
    await choose(page, "on-chain-not");
    await badge(page, "Registered");
    expect(asked).toEqual(["/tales/stories260K.bin", "/tales/tok512.bin"]);
  });

  it("offers nothing that was withdrawn, and takes what a publisher says for text", async () => {
    const description = "<b>قصة</b> صغيرة";
    await publish("on-chain-withdrawn", {}, { description });
    await alice.publisher.revoke("on-chain-withdrawn", 1, "It told <i>lies</i>.");
    const page = await site.visit(visitor);
    await lookUp(page, "on-chain-withdrawn");
    await page.getByText("Withdrawn: It told <i>lies</i>.").waitFor();
    expect(await page.getByText(description).getAttribute("dir")).toBe("auto");
    expect(await page.getByRole("button", { name: "Choose: on-chain-withdrawn" }).count()).toBe(0);
    await page.getByRole("searchbox").fill("on-chain-nobody");
    await page.keyboard.press("Enter");
    await page.getByText("The registry has no model of the name on-chain-nobody.").waitFor();
  });

  it("says that a registered file is none that can be read", async () => {
    const { size, sha256, sha3_256, chunks } = tales.files[1]!;
    await publish("on-chain-riddle", { size, sha256, sha3_256, chunks }, { format: "riddle" });
    const page = await site.visit(visitor);
    await choose(page, "on-chain-riddle");
    await isTold(page, "unknown-format");
  });
});
