// SPDX-License-Identifier: Apache-2.0
/** What a publisher asks for, what becomes of it, and what changes: sent with variables, read strictly. */
import { describe, expect, it } from "vitest";
import {
  publish,
  readChanges,
  readOwned,
  readRequests,
  revoke,
  transferName,
  type Release,
} from "../../../web/chain/registry/publishing";
import type { Ask } from "../../../web/chain/registry/answer";
import type { Json } from "../../../web/engine/protocol";
import { NETWORK, PUBLISHER, registry, undeclared, version, WEIGHTS } from "./played";

type Fields = { [key: string]: Json };
interface Question {
  query: string;
  variables: Fields;
}

/** Answers one after the other, and keeps what was asked. */
function played(...answers: (Fields | string)[]): { ask: Ask; asked: Question[] } {
  const asked: Question[] = [];
  const ask: Ask = async (query, variables) => {
    const answer = answers[asked.length];
    asked.push({ query, variables });
    if (answer === undefined) throw new Error("one question too many");
    return typeof answer === "string" ? answer : JSON.stringify({ data: answer });
  };
  return { ask, asked };
}

const FILE = {
  role: "WEIGHTS",
  name: "tiny.gguf",
  size: 80,
  sha256: WEIGHTS,
  sha3_256: "3".repeat(64),
  urls: ["models/tiny.gguf"],
  chunks: [],
};
const RELEASE: Release = {
  description: "",
  licence: "MIT",
  architecture: "llama",
  format: "GGUF v3",
  contextLength: 512,
  files: [FILE],
};

describe("what is asked for", () => {
  it.each<[string, (ask: Ask) => Promise<void>, Fields]>([
    [
      "publish",
      (ask) => publish(ask, PUBLISHER, "tiny", RELEASE),
      { name: "tiny", release: RELEASE as unknown as Json },
    ],
    [
      "revoke",
      (ask) => revoke(ask, PUBLISHER, "tiny", 2, 'so "bad"'),
      { name: "tiny", version: 2, reason: 'so "bad"' },
    ],
    ["transferName", (ask) => transferName(ask, PUBLISHER, "tiny", "0x1"), { name: "tiny", newOwner: "0x1" }],
  ])("%s carries its values and its account as declared variables", async (name, act, variables) => {
    const { ask, asked } = played({ [name]: true });
    await act(ask);
    expect(asked).toHaveLength(1);
    expect(asked[0]!.query).toMatch(new RegExp(`^mutation.*${name}\\(`, "s"));
    expect(asked[0]!.variables).toEqual({ ...variables, by: PUBLISHER });
    expect(undeclared(asked[0]!.query, asked[0]!.variables)).toEqual([]);
  });

  it("is refused in the application's words, with its code", async () => {
    const said = {
      message: "A name has 1 to 64 characters; this one has 0.",
      extensions: { code: "name-length" },
    };
    const { ask } = played(JSON.stringify({ data: null, errors: [said] }));
    await expect(publish(ask, PUBLISHER, "", RELEASE)).rejects.toMatchObject({
      code: "chain-refused",
      message: expect.stringContaining(said.message),
    });
  });
});

const request = (number: number, change: Fields = {}): Fields => ({
  number,
  kind: "PUBLISH",
  name: "tiny",
  by: PUBLISHER,
  status: "ACCEPTED",
  reason: null,
  answered: { height: 12 },
  ...change,
});
const requests = (items: Fields[], next: number | null = null): Fields => ({ requests: { items, next } });

describe("readRequests", () => {
  it("reads on from what is known, page after page, and leaves out what went to other chains", async () => {
    const refused = request(5, { status: "REFUSED", reason: "It belongs to another." });
    const claim = request(4, { kind: "CLAIM", name: null });
    const pending = request(6, { status: "PENDING", answered: null });
    const { ask, asked } = played(requests([request(3), claim], 4), requests([refused, pending]));
    expect(await readRequests(ask, 2)).toEqual([
      {
        number: 3,
        kind: "PUBLISH",
        name: "tiny",
        by: PUBLISHER,
        status: "ACCEPTED",
        reason: null,
        block: 12,
      },
      expect.objectContaining({ number: 5, status: "REFUSED", reason: "It belongs to another." }),
      expect.objectContaining({ number: 6, status: "PENDING", block: null }),
    ]);
    expect(asked.map(({ variables }) => variables)).toEqual([{ after: 2 }, { after: 4 }]);
    expect(asked.flatMap(({ query, variables }) => undeclared(query, variables))).toEqual([]);
  });

  it.each<[string, Fields]>([
    ["no list", { requests: { items: {}, next: null } }],
    ["an unknown status", requests([request(1, { status: "MAYBE" })])],
    ["an unknown kind", requests([request(1, { kind: "DELETE" })])],
    ["no name", requests([request(1, { name: null })])],
    ["a reason that is no text", requests([request(1, { status: "REFUSED", reason: 7 })])],
    ["an answer without a block", requests([request(1, { answered: {} })])],
    ["a page that leads back to itself", requests([request(1)], 0)],
  ])("refuses %s", async (_what, answer) => {
    await expect(readRequests(played(answer).ask, 0)).rejects.toMatchObject({ code: "registry-invalid" });
  });
});

const change = (index: number, fields: Fields = {}): Fields => ({
  index,
  model: "tiny",
  by: PUBLISHER,
  at: { height: 10 + index, timestamp: 1_700_000_000_000_000 },
  kind: "PUBLISHED",
  version: 1,
  reason: null,
  newOwner: null,
  ...fields,
});
const changes = (items: Fields[], standing = registry()): Fields => ({
  registry: standing,
  changes: { items },
});

describe("readChanges", () => {
  it("reads on from what is known, with the time in milliseconds", async () => {
    const revoked = change(3, { kind: "REVOKED", reason: "It was spoilt." });
    const moved = change(4, { kind: "TRANSFERRED", version: null, newOwner: "0x1" });
    const { ask, asked } = played(changes([change(2), revoked, moved], registry({ copied: 9 })));
    const { changes: read, known } = await readChanges(ask, NETWORK, 2);
    expect(known).toBe(9);
    expect(read[0]).toEqual({
      index: 2,
      model: "tiny",
      by: PUBLISHER,
      block: 12,
      time: 1_700_000_000_000,
      kind: "PUBLISHED",
      version: 1,
      reason: null,
      newOwner: null,
    });
    expect(read.slice(1)).toMatchObject([
      { kind: "REVOKED", reason: "It was spoilt." },
      { kind: "TRANSFERRED", version: null, newOwner: "0x1" },
    ]);
    expect(asked.map(({ variables }) => variables)).toEqual([{ after: 2 }]);
    expect(asked.flatMap(({ query, variables }) => undeclared(query, variables))).toEqual([]);
  });

  it.each<[string, Fields]>([
    ["a gap", changes([change(0), change(2)])],
    ["a change without a block", changes([change(0, { at: { height: 1 } })])],
    ["an unknown kind", changes([change(0, { kind: "ERASED" })])],
    ["a version that is no number", changes([change(0, { version: "1" })])],
    ["an end before all that is known", changes([])],
  ])("refuses %s", async (_what, answer) => {
    await expect(readChanges(played(answer).ask, NETWORK, 0)).rejects.toMatchObject({
      code: "registry-invalid",
    });
  });

  it("refuses another registry than the site's", async () => {
    const { ask } = played(changes([], registry({ application: "another" })));
    await expect(readChanges(ask, NETWORK, 0)).rejects.toMatchObject({ code: "wrong-network" });
  });
});

const listed = (number: number, fields: Fields = {}): Fields =>
  version(number, { release: { ...RELEASE, files: [FILE] } as unknown as Json, ...fields });
const owned = (items: Fields[], next: number | null = null, fields: Fields = {}): Fields => ({
  registry: registry(),
  model: { owner: PUBLISHER, versions: { items, next }, ...fields },
});

describe("readOwned", () => {
  it("has all versions, page after page", async () => {
    const { ask, asked } = played(
      owned([listed(1), listed(2, { revoked: { reason: "It was spoilt." } })], 2),
      owned([listed(3)]),
    );
    const model = await readOwned(ask, NETWORK, "tiny");
    expect(model).toMatchObject({ name: "tiny", owner: PUBLISHER });
    expect(model?.versions.map(({ number, revoked }) => [number, revoked])).toEqual([
      [1, null],
      [2, "It was spoilt."],
      [3, null],
    ]);
    expect(asked.map(({ variables }) => variables)).toEqual([
      { name: "tiny", after: null },
      { name: "tiny", after: 2 },
    ]);
  });

  it("does not know a name that is not there", async () => {
    expect(await readOwned(played({ registry: registry(), model: null }).ask, NETWORK, "tiny")).toBeNull();
  });

  it.each<[string, Fields]>([
    ["a model without an owner", owned([listed(1)], null, { owner: null })],
    ["a version without files", owned([version(1, { release: {} })])],
    [
      "a version without weights",
      owned([listed(1, { release: { ...RELEASE, files: [] } as unknown as Json })]),
    ],
  ])("refuses %s", async (_what, answer) => {
    await expect(readOwned(played(answer).ask, NETWORK, "tiny")).rejects.toMatchObject({
      code: "registry-invalid",
    });
  });
});
