// SPDX-License-Identifier: Apache-2.0
/** Whose wallet the page opens: the wallet's frame and the extension are played, the page's state is real. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { chainError } from "../../../web/chain/errors";
import { Extension } from "../../../web/chain/wallet/extension";
import type { RequestKind, Requests } from "../../../web/chain/wallet/protocol";
import { Chain, type ChainLink } from "../../../web/app/features/wallet/chain.svelte";
import { Notices } from "../../../web/app/lib/notices.svelte";
import { NETWORK, registry } from "./played";

const ALICE = `0x${"aa".repeat(20)}`;
const BOB = `0x${"bb".repeat(20)}`;

class PlayedLink implements ChainLink {
  listener: ChainLink["listener"] = null;
  connected: (string | null)[] = [];
  tended: boolean[] = [];
  closed = 0;
  /** Whether the account lets the page's key in, and signs what is put on chain. */
  admits = true;
  signs = true;
  private kept = false;

  close = (): void => void (this.closed += 1);

  request = async <K extends RequestKind>(
    kind: K,
    args: Requests[K]["args"],
  ): Promise<Requests[K]["result"]> => {
    if (kind === "query") {
      const { query, tend } = args as Requests["query"]["args"];
      this.tended.push(tend);
      if (query.includes("recordStory") && !this.signs) throw chainError("signature-declined");
      return JSON.stringify({ data: { registry: registry() } }) as Requests[K]["result"];
    }
    if (kind === "connect") {
      this.connected.push((args as Requests["connect"]["args"]).account);
      if (!this.admits) throw chainError("signature-declined");
    }
    if (kind === "keep") this.kept = (args as Requests["keep"]["args"]).keep;
    const account = this.connected.at(-1) ?? null;
    const wallet = {
      chain: "d".repeat(64),
      owner: account ?? "0x1",
      kept: this.kept,
      outside: account !== null,
    };
    return wallet as Requests[K]["result"];
  };
}

/** @param shown the accounts that the extension shows; changed as a person would, then told. */
async function page(shown: string[]) {
  let told = (): void => undefined;
  const provider = {
    request: async () => shown,
    on: (_: string, listener: () => void) => void (told = listener),
  };
  const speaker = { address: async () => Promise.reject(new Error("closed")), sign: async () => "0x" };
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify(NETWORK)));
  const link = new PlayedLink();
  const extension = new Extension(provider, async () => speaker);
  const chain = new Chain(link, new Notices(), "http://localhost/", undefined, extension);
  await chain.describe();
  const show = async (accounts: string[]): Promise<void> => {
    shown = accounts;
    told();
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { link, chain, show };
}

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  });
});
afterEach(() => vi.unstubAllGlobals());

describe("the wallet's account", () => {
  it("is a guest's until MetaMask is chosen, and back again", async () => {
    const { link, chain } = await page([ALICE]);
    await chain.join();
    await chain.use(true);
    expect(chain.wallet).toMatchObject({ owner: ALICE, outside: true });
    await chain.use(false);
    expect(link.connected).toEqual([null, ALICE, null]);
    expect(link.closed).toBe(2);
  });

  it("is remembered", async () => {
    const { chain } = await page([ALICE]);
    await chain.use(true);
    const again = await page([ALICE]);
    await again.chain.warm();
    expect(again.link.connected).toEqual([ALICE]);
  });

  it("has its sentence where the extension is locked, and is opened once it is not", async () => {
    const { link, chain, show } = await page([]);
    await chain.use(true);
    expect(chain.problem?.code).toBe("wallet-locked");
    expect([link.connected, chain.step, chain.wallet]).toEqual([[], null, null]);
    await show([ALICE]);
    await chain.again();
    expect([link.connected, chain.problem]).toEqual([[ALICE], null]);
  });

  it("is asked for by clicks alone once it was refused", async () => {
    const { link, chain } = await page([ALICE]);
    link.admits = false;
    await chain.use(true);
    await chain.warm();
    await expect(chain.join()).rejects.toMatchObject({ code: "signature-declined" });
    expect(link.connected).toEqual([ALICE]);
    link.admits = true;
    await chain.again();
    expect([link.connected, chain.problem]).toEqual([[ALICE, ALICE], null]);
  });

  it("signs for what is put on chain, and for nothing that tends it", async () => {
    const { link, chain } = await page([ALICE]);
    await chain.use(true);
    await chain.follow();
    expect(new Set(link.tended)).toEqual(new Set([true]));
    link.tended = [];
    await chain.query("mutation { recordStory }", {});
    expect(link.tended).toEqual([false]);
  });

  it("that did not sign: said, and the wallet is opened anew, without the block", async () => {
    const { link, chain } = await page([ALICE]);
    await chain.use(true);
    link.signs = false;
    await expect(chain.query("mutation { recordStory }", {})).rejects.toMatchObject({
      code: "signature-declined",
    });
    await chain.join();
    expect(link.connected).toEqual([ALICE, ALICE]);
    expect([link.closed, chain.problem, chain.wallet?.owner]).toEqual([2, null, ALICE]);
  });

  it("that is changed in the extension is told; chosen again, all is well", async () => {
    const { link, chain, show } = await page([ALICE]);
    await chain.use(true);
    await show([BOB, ALICE]);
    expect(chain.problem?.code).toBe("wallet-account-changed");
    await show([ALICE]);
    expect(chain.problem).toBeNull();
    await show([]); // locked: reading goes on
    expect(chain.problem).toBeNull();
    await show([BOB]);
    await chain.again();
    expect(link.connected).toEqual([ALICE, BOB]);
    expect([chain.problem, chain.wallet?.owner]).toEqual([null, BOB]);
  });

  it("changes nothing for a guest", async () => {
    const { chain, show } = await page([ALICE]);
    await chain.join();
    await show([BOB]);
    expect(chain.problem).toBeNull();
  });

  it("that is forgotten leaves a guest's wallet", async () => {
    const { link, chain } = await page([ALICE]);
    await chain.use(true);
    await chain.keep(true);
    await chain.forget();
    expect(link.connected).toEqual([ALICE, null]);
    expect(chain.wallet).toMatchObject({ outside: false, kept: false });
  });
});
