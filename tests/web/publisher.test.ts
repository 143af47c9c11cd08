// SPDX-License-Identifier: Apache-2.0
/** What a publisher does and sees, on a played chain: drafts, orders, answers, arrivals, and names that are one's own. */
import { beforeEach, describe, expect, it } from "vitest";
import { chainError } from "../../web/chain/errors";
import type { Json, ModelInfo, Role } from "../../web/engine/protocol";
import type { Choice } from "../../web/app/lib/choice";
import { chooseOwn, ownFile } from "../../web/app/lib/choice";
import type { OpenModel } from "../../web/app/features/model/models.svelte";
import { Notices } from "../../web/app/lib/notices.svelte";
import { Publisher } from "../../web/app/features/publish/publisher.svelte";
import { beginDraft, filesOf, slug, toRelease } from "../../web/app/features/publish/release";
import { outcomeWords } from "../../web/app/features/publish/request-words";
import { NETWORK, PUBLISHER, registry, version } from "./chain/played";
import { MEMORY, MODEL, verdict } from "./played-engine";
import { at } from "../requests";

type Fields = { [key: string]: Json };

const BASE = "https://tales.example/";
const OTHER = `0x${"7".repeat(40)}`;
const BOTH = { sha256: "c".repeat(64), sha3_256: "d".repeat(64), size: 80 };
const WORDS = { sha256: "e".repeat(64), sha3_256: "f".repeat(64), size: 8 };

function opened(choice: Partial<Choice> = {}, model: Partial<ModelInfo> = {}): OpenModel {
  const own = chooseOwn([at("https://example.org/Tiny-Tale.Q4_1.gguf")]);
  return {
    choice: { ...own, ...choice },
    model: { ...MODEL, digests: BOTH, ...model },
    verdict: verdict("unverified"),
    memory: MEMORY,
  };
}

describe("a release", () => {
  it("begins with the file's own name and address", () => {
    expect(beginDraft(opened(), BASE)).toEqual({
      name: "tiny-tale.q4_1",
      description: "",
      licence: "",
      addresses: ["https://example.org/Tiny-Tale.Q4_1.gguf"],
    });
  });

  it("has an address on this site relative to it, and none where the file came from the disk", () => {
    const here = chooseOwn([at(`${BASE}models/a.gguf`)]);
    expect(beginDraft(opened(here), BASE).addresses).toEqual(["models/a.gguf"]);
    const disk = chooseOwn([ownFile("model", new File([], "a.gguf"))]);
    expect(beginDraft(opened(disk), BASE)).toMatchObject({ name: "a", addresses: [""] });
  });

  it("has both digests of each file, and the addresses as they were typed", () => {
    const source = (role: Role, name: string) => ownFile(role, new File([], name));
    const choice = chooseOwn([source("model", "tale.bin"), source("tokenizer", "words.bin")]);
    const open = opened(choice, { tokenizer: WORDS });
    const addresses = [" https://a.example/1 \n\nhttps://b.example/1\n", "words.bin"];
    const release = toRelease(open, { name: "x", description: " It tells. ", licence: "MIT ", addresses });
    expect(release).toEqual({
      description: "It tells.",
      licence: "MIT",
      architecture: "llama",
      format: "gguf",
      contextLength: 128,
      files: [
        {
          ...{ role: "WEIGHTS", name: "tale.bin", ...BOTH, chunks: [] },
          urls: ["https://a.example/1", "https://b.example/1"],
        },
        { role: "TOKENIZER", name: "words.bin", ...WORDS, chunks: [], urls: ["words.bin"] },
      ],
    });
  });

  it("is refused where the model is in several files", () => {
    const open = opened({}, { files: [{ name: "config.json", ...BOTH }] });
    expect(() => toRelease(open, beginDraft(open, BASE))).toThrow("in several files");
  });

  it("is refused where a digest is missing", () => {
    const open = opened({}, { digests: { ...BOTH, sha3_256: null } });
    expect(filesOf(open)[0]?.sha3_256).toBeNull();
    expect(() => toRelease(open, beginDraft(open, BASE))).toThrow("Only one of this model's digests");
  });

  it.each([
    ["SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2-135m-instruct.q4_1"],
    ["Ménagerie à Trois.bin", "menagerie-a-trois"],
    ["--лиса--", ""],
    ["_a_", "a"],
    ["x".repeat(80), "x".repeat(64)],
  ])("is called after %s: %s", (name, expected) => expect(slug(name)).toBe(expected));
});

/** A chain whose registry answers with what it holds. */
class PlayedChain {
  network = NETWORK;
  wallet = { chain: "d".repeat(64), owner: PUBLISHER, kept: false, outside: false };
  requests: Fields[] = [];
  changes: Fields[] = [];
  sent: Fields[] = [];
  asked: string[] = [];
  refuses: string | null = null;
  fails: Error | null = null;

  follow = async () => undefined;
  join = async () => {
    if (this.fails) throw this.fails;
    return this.wallet;
  };

  query = async (query: string, variables: Fields): Promise<string> => {
    const known = { copied: this.changes.length, announced: this.changes.length };
    const data = (fields: Fields) => JSON.stringify({ data: { registry: registry(known), ...fields } });
    const after = Number(variables.after ?? 0);
    if (query.startsWith("mutation")) {
      if (this.refuses !== null) {
        return JSON.stringify({ errors: [{ message: this.refuses, extensions: { code: "name-pattern" } }] });
      }
      this.sent.push(variables);
      return data({});
    }
    this.asked.push(/(requests|changes|model)\(/.exec(query)![1]!);
    if (query.includes("requests("))
      return data({ requests: { items: this.requests.slice(after), next: null } });
    if (query.includes("changes("))
      return data({ changes: { items: this.changes.slice(after, after + 100) } });
    const owner = PUBLISHER;
    const number = this.changes.filter(
      ({ model, kind }) => model === variables.name && kind === "PUBLISHED",
    ).length;
    const items = Array.from({ length: number }, (_, i) => listed(String(variables.name), i + 1));
    return data({ model: { owner, versions: { items, next: null } } });
  };

  /** The registry has one change more. */
  change(model: string, kind: string, change: Fields = {}): void {
    const index = this.changes.length;
    const at = { height: 20 + index, timestamp: 5_000_000 };
    const nothing = { version: kind === "TRANSFERRED" ? null : 1, reason: null, newOwner: null };
    this.changes.push({ index, model, by: PUBLISHER, at, kind, ...nothing, ...change });
  }

  /** The chain has asked for one thing more, which has no answer yet. */
  request(kind: string, name: string): Fields {
    const request = { number: this.requests.length + 1, kind, name, by: PUBLISHER, status: "PENDING" };
    this.requests.push({ ...request, reason: null, answered: null });
    return this.requests.at(-1)!;
  }
}

function listed(model: string, number: number): Fields {
  const file = { role: "WEIGHTS", name: "tale.gguf", ...BOTH, urls: [], chunks: [] };
  const said = { description: "", licence: "MIT", architecture: "llama", format: "gguf" };
  return version(number, { model, release: { ...said, files: [file] } });
}

describe("a publisher", () => {
  let chain: PlayedChain;
  let notices: Notices;
  let publisher: Publisher;

  beforeEach(() => {
    chain = new PlayedChain();
    notices = new Notices();
    publisher = new Publisher(chain, notices, BASE);
  });

  it("keeps a draft for each model, whatever else is opened", () => {
    const open = opened();
    publisher.draft(open).licence = "MIT";
    publisher.draft(opened({}, { digests: { ...BOTH, sha256: "1".repeat(64) } })).licence = "GPL";
    expect(publisher.draft(opened()).licence).toBe("MIT");
  });

  it("signs with the wallet's account, and is told what the application refuses, with its code", async () => {
    const open = opened();
    const draft = publisher.draft(open);
    draft.name = " tiny ";
    expect(await publisher.publish(open, draft)).toBe(true);
    expect(chain.sent[0]).toMatchObject({ name: "tiny", by: PUBLISHER });
    chain.refuses = "A name has the letters a to z.";
    expect(await publisher.publish(open, draft)).toBe(false);
    expect(publisher.refusal).toMatchObject({ model: null, error: { details: { cause: "name-pattern" } } });
    expect(publisher.refusal?.error.message).toContain(chain.refuses);
    expect([publisher.draft(open), publisher.sending]).toEqual([draft, false]);
  });

  it("gives nothing to what is no account, and withdraws with a reason", async () => {
    for (const account of ["", "0x12", `0x${"g".repeat(40)}`, "7".repeat(40)]) {
      expect(await publisher.transfer("tiny", account)).toBe(false);
      expect(publisher.refusal).toMatchObject({ model: "tiny", error: { code: "no-account" } });
    }
    expect(await publisher.transfer("tiny", OTHER)).toBe(true);
    expect(await publisher.revoke("tiny", 2, "It lies.")).toBe(true);
    expect(chain.sent).toEqual([
      { name: "tiny", newOwner: OTHER, by: PUBLISHER },
      { name: "tiny", version: 2, reason: "It lies.", by: PUBLISHER },
    ]);
    expect(publisher.refusal).toBeNull();
  });

  it("sees a request wait, be accepted, and arrive", async () => {
    const request = chain.request("PUBLISH", "tiny");
    await publisher.load();
    const words = () => outcomeWords(publisher.requests[0]!, publisher.arrival(publisher.requests[0]!));
    expect(words()).toMatch(/^Waiting/);
    Object.assign(request, { status: "ACCEPTED", answered: { height: 21 } });
    chain.change("tiny", "PUBLISHED", { by: OTHER }); // another's, in another block
    await publisher.load();
    expect(words()).toBe("Accepted in block 21 of the registry's home chain; on its way to yours.");
    expect(notices.status).toContain("To publish tiny: Accepted in block 21");
    chain.change("tiny", "PUBLISHED", { version: 2 });
    await publisher.load();
    expect(words()).toBe(
      "Accepted in block 21 of the registry's home chain, and arrived on yours: it is version 2.",
    );
  });

  it("sees why it was refused, without the code", async () => {
    Object.assign(chain.request("REVOKE", "tiny"), {
      status: "REFUSED",
      reason: "It is another's. [not-owner]",
    });
    await publisher.load();
    expect(outcomeWords(publisher.requests[0]!, null)).toBe("Refused: It is another's.");
  });

  it("reads again only what waits for an answer, and only the models that changed", async () => {
    chain.change("one", "PUBLISHED");
    chain.change("two", "PUBLISHED");
    Object.assign(chain.request("PUBLISH", "one"), { status: "ACCEPTED", answered: { height: 20 } });
    await publisher.load();
    expect(publisher.models.map(({ name }) => name)).toEqual(["two", "one"]);
    chain.asked = [];
    chain.change("one", "PUBLISHED", { version: 2 });
    await publisher.load();
    expect(chain.asked).toEqual(["requests", "changes", "model"]);
    expect(publisher.models.find(({ name }) => name === "one")?.versions).toHaveLength(2);
    expect([publisher.changes.length, publisher.requests.length]).toEqual([3, 1]);
  });

  it("shows the newest of many changes before it has read them all", async () => {
    for (let i = 0; i < 250; i += 1) chain.change(`m${i}`, "PUBLISHED", i === 3 ? {} : { by: OTHER });
    const shown: (string | undefined)[] = [];
    const { query } = chain;
    chain.query = async (question, variables) => {
      shown.push(publisher.news.at(-1)?.model);
      return query(question, variables);
    };
    await publisher.load();
    expect(shown.slice(0, 5)).toEqual([undefined, undefined, undefined, "m249", "m249"]);
    expect(publisher.news).toEqual(publisher.changes.slice(-12));
    expect([publisher.changes.length, publisher.models.map(({ name }) => name)]).toEqual([250, ["m3"]]);
  });

  it("owns what it published or was given, and not what it gave away", async () => {
    chain.change("mine", "PUBLISHED");
    chain.change("given-away", "PUBLISHED");
    chain.change("given-away", "TRANSFERRED", { newOwner: OTHER });
    chain.change("given", "PUBLISHED", { by: OTHER });
    chain.change("given", "TRANSFERRED", { by: OTHER, newOwner: PUBLISHER.toUpperCase().replace("X", "x") });
    await publisher.load();
    expect(publisher.models.map(({ name }) => name)).toEqual(["given", "mine"]);
    expect(publisher.names.get("given-away")).toEqual({ owner: OTHER, versions: 1, changes: 2 });
  });

  it("leaves what was there when it cannot read, and begins anew on another wallet's chain", async () => {
    chain.change("mine", "PUBLISHED");
    await publisher.load();
    chain.fails = chainError("chain-unreachable");
    await publisher.load();
    expect(publisher.problem?.code).toBe("chain-unreachable");
    expect(publisher.models).toHaveLength(1);
    chain.fails = null;
    chain.changes = [];
    chain.wallet = { ...chain.wallet, chain: "0".repeat(64), owner: OTHER };
    await publisher.load();
    expect([publisher.problem, publisher.models, publisher.changes]).toEqual([null, [], []]);
  });
});
