// SPDX-License-Identifier: Apache-2.0
/** Who signs: the account in an extension, which is played here, or the page's key. tests/chain has a real key sign. */
import { describe, expect, it } from "vitest";
import { Extension, type Provider } from "../../../web/chain/wallet/extension";
import { Signers } from "../../../web/chain/wallet/signers";

const ALICE = `0x${"Aa".repeat(20)}`;
const BOB = `0x${"bb".repeat(20)}`;
const PAGE = `0x${"cc".repeat(20)}`;
const HASH = new Uint8Array([1, 2, 3]);

/** @param shown what eth_accounts answers @param fails what the extension's own code throws */
function extension(shown: unknown, fails: Error | null = null) {
  const asked: string[] = [];
  const provider: Provider = {
    request: async ({ method }) => {
      asked.push(method);
      if (shown instanceof Error) throw shown;
      return shown;
    },
    on: () => undefined,
  };
  const answer = async (said: string): Promise<string> => {
    asked.push(said);
    if (fails) throw fails;
    return said;
  };
  const speaker = { address: () => answer("address"), sign: () => answer("signature") };
  return { asked, extension: new Extension(provider, async () => speaker) };
}

describe("the account of an extension", () => {
  it("is the one that the site is shown first, without asking the person", async () => {
    const { asked, extension: one } = extension([ALICE, BOB]);
    expect(await one.account(true)).toBe(ALICE);
    expect(asked).toEqual(["eth_accounts"]);
  });

  it("is asked for where none is shown, if the person has just clicked", async () => {
    const { asked, extension: one } = extension([]);
    expect(await one.account(true)).toBe("address");
    expect(asked).toEqual(["eth_accounts", "address"]);
  });

  it.each([
    ["locked", []],
    ["of another kind", "0x1"],
    ["failing", new Error("broken")],
  ])("is not asked for otherwise: %s", async (_, shown) => {
    const { asked, extension: one } = extension(shown);
    await expect(one.account(false)).rejects.toMatchObject({ code: "wallet-locked" });
    expect(asked).toEqual(["eth_accounts"]);
  });

  it("says that it is locked where the person does not connect it", async () => {
    const { extension: one } = extension([], new Error("User rejected the request."));
    await expect(one.account(true)).rejects.toMatchObject({ code: "wallet-locked" });
  });

  it.each([
    ["signature-declined", [BOB, ALICE.toLowerCase()]],
    ["wallet-account-changed", [BOB]],
    ["wallet-locked", []],
  ])("%s: told from what it shows, whatever it says", async (code, shown) => {
    const { extension: one } = extension(shown, new Error("no"));
    await expect(one.sign(ALICE, HASH)).rejects.toMatchObject({ code, details: { cause: "no" } });
  });

  it("is there only where the browser has one", () => {
    expect(Extension.find({})).toBeNull();
    expect(Extension.find({ ethereum: { request: async () => [], on: () => undefined } })).not.toBeNull();
  });
});

describe("the signers of a chain", () => {
  const page = { address: () => PAGE, sign: async (owner: string) => `page for ${owner}` };

  it("are the page's key alone for a guest", async () => {
    const signers = new Signers(page, null);
    expect(signers.owner).toBe(PAGE);
    expect(await signers.sign(PAGE, HASH)).toBe(`page for ${PAGE}`);
    expect(await signers.containsKey(PAGE.toUpperCase())).toBe(true);
    expect(await signers.containsKey(ALICE)).toBe(false);
  });

  it("are the account for what is its own, and the page's key for the rest", async () => {
    const signers = new Signers(page, { owner: ALICE, sign: async () => "account" });
    expect(signers.owner).toBe(ALICE);
    expect(await signers.sign(ALICE.toLowerCase(), HASH)).toBe("account");
    expect(await signers.sign(PAGE, HASH)).toBe(`page for ${PAGE}`);
    expect(await Promise.all([ALICE, PAGE, BOB].map((owner) => signers.containsKey(owner)))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("remember once why the account did not sign, which the client does not pass on", async () => {
    const refusing = async (): Promise<string> => Promise.reject(new Error("no"));
    const signers = new Signers(page, { owner: ALICE, sign: refusing });
    expect(signers.takeRefusal()).toBeNull();
    await expect(signers.sign(ALICE, HASH)).rejects.toThrow("no");
    expect(signers.takeRefusal()).toMatchObject({ code: "signature-declined" });
    expect(signers.takeRefusal()).toBeNull();
  });
});
