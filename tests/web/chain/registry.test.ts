// SPDX-License-Identifier: Apache-2.0
/** The registry's answers: which version speaks for a model, and that nothing half understood ever vouches. */
import { describe, expect, it } from "vitest";
import { chainError } from "../../../web/chain/errors";
import { catchUp, follow } from "../../../web/chain/registry/follow";
import { MODEL, readModel } from "../../../web/chain/registry/registry";
import type { Json } from "../../../web/engine/protocol";
import {
  answer,
  ASKED,
  file,
  model,
  NETWORK,
  PUBLISHER,
  registry,
  version,
  watched,
  WEIGHTS,
  WORDS,
} from "./played";

const read = (json: string, asked = ASKED) => readModel(async () => json, NETWORK, asked);
const revoked = { revoked: { reason: "poisoned" } };
const OTHER = "7".repeat(64);
const other = (number: number, change = {}) =>
  version(number, { release: { files: [file("WEIGHTS", OTHER)] }, ...change });
const spoilt = (change: object) => answer({ model: model({ ...version(1), ...change }) });

describe("readModel", () => {
  it("asks with variables, and says who registered what, and where", async () => {
    const asked: unknown[] = [];
    const answers = await readModel(
      async (query, variables) => {
        asked.push(query, variables);
        return answer();
      },
      NETWORK,
      ASKED,
    );
    expect(asked).toEqual([MODEL, { name: "tiny", after: null }]);
    expect(answers.model).toEqual({
      status: "registered",
      expected: { sha256: WEIGHTS, sha3_256: "3".repeat(64), size: 80 },
      model: "tiny",
      version: 1,
      publisher: PUBLISHER,
      chain: NETWORK.homeChain,
      application: NETWORK.application,
      block: 11,
      as_of: null,
      reason: "",
    });
    expect(answers.tokenizer).toMatchObject({ status: "registered", expected: { sha256: WORDS } });
  });

  it("leaves the tokenizer out where the model has none of its own", async () => {
    expect((await read(answer(), { ...ASKED, tokenizer: null })).tokenizer).toBeNull();
  });

  it("does not know a name that is not there", async () => {
    expect((await read(answer({ model: null }))).model).toMatchObject({ status: "unknown", expected: null });
  });

  it("believes the model's own copy before that of the whole registry, once it has heard of anything", async () => {
    const own = (change = {}) => watched(model(version(1, revoked)), change);
    expect((await read(answer({ watched: own() }))).model).toMatchObject({ status: "revoked" });
    const late = registry({ copied: 0, announced: 0 });
    expect((await read(answer({ watched: own(), registry: late }))).model).toMatchObject({
      status: "revoked",
    });
    expect((await read(answer({ watched: watched() }))).model).toMatchObject({ status: "registered" });
    const gap = read(answer({ watched: own({ announced: 4 }) }));
    await expect(gap).rejects.toMatchObject({ code: "registry-incomplete" });
  });

  it("names the newest usable digest where no version has the file", async () => {
    const found = await read(answer({ model: model(other(1), other(2), other(3, revoked)) }));
    expect(found.model).toMatchObject({ status: "registered", version: 2, expected: { sha256: OTHER } });
    expect(found.tokenizer).toMatchObject({ status: "unknown", expected: null });
  });

  it("lets an older version speak for its own file", async () => {
    const found = await read(answer({ model: model(version(1), other(2)) }));
    expect(found.model).toMatchObject({ status: "registered", version: 1, expected: { sha256: WEIGHTS } });
  });

  it("finds the version on any page, and goes round in no circle", async () => {
    const asked: unknown[] = [];
    const paged = (next: number | null) => async (_query: string, variables: { [key: string]: Json }) => {
      asked.push(variables.after);
      const whole = model(...(variables.after === null ? [version(1)] : [other(101)]));
      const { items } = whole.versions as { items: Json };
      return answer({
        model: { ...whole, versions: { items, next: variables.after === null ? 100 : next } },
      });
    };
    expect((await readModel(paged(null), NETWORK, ASKED)).model).toMatchObject({ version: 1 });
    expect(asked).toEqual([null, 100]);
    await expect(readModel(paged(100), NETWORK, ASKED)).rejects.toMatchObject({ code: "registry-invalid" });
  });

  it("tells of a revocation with its reason", async () => {
    const found = await read(answer({ model: model(version(1, revoked)) }));
    expect(found.model).toMatchObject({ status: "revoked", reason: "poisoned" });
    expect(found.tokenizer).toMatchObject({ status: "revoked" });
  });

  it("holds a file revoked that is in no version of use, even where newer ones are", async () => {
    const found = await read(answer({ model: model(version(1, revoked), other(2)) }));
    expect(found.model).toMatchObject({ status: "revoked", version: 1 });
  });

  it("takes a file back that its owner published again after revoking it", async () => {
    const found = await read(answer({ model: model(version(1, revoked), version(2)) }));
    expect(found.model).toMatchObject({ status: "registered", version: 2 });
  });

  it.each([
    ["what is no JSON", "<html>", "registry-invalid"],
    ["no data", "{}", "registry-invalid"],
    [
      "an error of GraphQL",
      JSON.stringify({ data: null, errors: [{ message: "No such field." }] }),
      "registry-refused",
    ],
    [
      "data beside an error",
      answer().replace('{"data"', '{"errors":[{"message":"Half."}],"data"'),
      "registry-refused",
    ],
    ["another home chain", answer({ registry: registry({ homeChain: "c".repeat(64) }) }), "wrong-network"],
    ["another application", answer({ registry: registry({ application: "c".repeat(64) }) }), "wrong-network"],
    ["a copy with a gap", answer({ registry: registry({ copied: 2 }) }), "registry-incomplete"],
    ["an empty copy", answer({ registry: registry({ copied: 0, announced: 0 }) }), "registry-incomplete"],
    ["no registry", answer({ registry: null }), "registry-invalid"],
    ["a model that is a text", answer({ model: "tiny" }), "registry-invalid"],
    ["a model without a version", answer({ model: {} }), "registry-invalid"],
    [
      "versions that are no list",
      answer({ model: { ...model(version(1)), versions: null } }),
      "registry-invalid",
    ],
    ["a version without a number", spoilt({ number: null }), "registry-invalid"],
    ["a revocation without a reason", spoilt({ revoked: true }), "registry-invalid"],
    [
      "a digest in capitals",
      spoilt({ release: { files: [file("WEIGHTS", "A".repeat(64))] } }),
      "registry-invalid",
    ],
    ["a block that is a text", spoilt({ published: { height: "11" } }), "registry-invalid"],
  ])("refuses %s", async (_what, json, code) => {
    await expect(read(json)).rejects.toMatchObject({ code });
  });
});

const WATCH = "mutation($name: String!, $most: Int) { watch(name: $name, most: $most) }";
const CATCH_UP = "mutation($most: Int) { catchUp(most: $most) }";

describe.each([
  { what: "the whole registry", name: null, FOLLOW: "mutation { follow }", CATCH_UP },
  { what: "one model", name: "tiny", FOLLOW: WATCH, CATCH_UP: WATCH },
])("follow: $what", ({ name, FOLLOW, CATCH_UP }) => {
  /** The answer of a chain whose copy is so far; that of the other kind has nothing. */
  const standing = (change: { following: boolean; copied: number; announced: number }): string =>
    name === null
      ? JSON.stringify({ data: { registry: registry(change) } })
      : JSON.stringify({ data: { registry: registry({ copied: 0 }), watched: watched(null, change) } });
  const played = (copied: number[], following: boolean, announced = 3) => {
    const asked: string[] = [];
    const ask = async (query: string, variables: { [key: string]: Json }): Promise<string> => {
      asked.push(query);
      expect([query.includes("$name"), variables.name]).toEqual([name !== null, name ?? undefined]);
      if (query.startsWith("mutation")) return '{"data":{"follow":true}}';
      return standing({ following, announced, copied: copied.shift() ?? 3 });
    };
    return { asked, ask };
  };
  const atOnce = async (): Promise<void> => undefined;

  const mutations = (asked: string[]) => asked.filter((query) => query.startsWith("mutation"));

  it("subscribes, and then makes blocks until one of them brings nothing more", async () => {
    const { asked, ask } = played([0, 0, 1, 2], false, 0);
    expect(await follow(ask, NETWORK, name, atOnce)).toMatchObject({ copied: 3 });
    expect(mutations(asked)).toEqual([FOLLOW, FOLLOW, FOLLOW, FOLLOW]);
  });

  it("asks for what was announced and is not there", async () => {
    const { asked, ask } = played([1, 2], true);
    expect(await follow(ask, NETWORK, name, atOnce)).toMatchObject({ copied: 3, announced: 3 });
    expect(mutations(asked)).toEqual([CATCH_UP, CATCH_UP, FOLLOW]);
  });

  it("goes through 10,000 changes, as many at once as the application copies", async () => {
    const [total, atATime] = [10_000, 256];
    let copied = 0;
    const asked: string[] = [];
    const ask = async (query: string): Promise<string> => {
      asked.push(query);
      if (query.startsWith("mutation")) {
        copied = Math.min(total, copied + atATime);
        return '{"data":{"follow":true}}';
      }
      return standing({ following: copied > 0, announced: copied > 0 ? total : 0, copied });
    };
    expect(await follow(ask, NETWORK, name, atOnce)).toMatchObject({ copied: total, announced: total });
    expect(mutations(asked)).toHaveLength(Math.ceil(total / atATime) + 1);
    expect(mutations(asked).at(-1)).toBe(FOLLOW);
  });

  it("makes no block on a later visit without news", async () => {
    const { asked, ask } = played([], true);
    expect(await follow(ask, NETWORK, name, atOnce)).toMatchObject({ copied: 3 });
    expect(mutations(asked)).toEqual([]);
  });

  it("asks no more where the asking brings nothing", async () => {
    const { asked, ask } = played(Array<number>(100).fill(1), true);
    expect(await follow(ask, NETWORK, name, atOnce)).toMatchObject({ copied: 1, announced: 3 });
    expect(mutations(asked)).toEqual([CATCH_UP]);
  });

  it("copies what is announced later, block by block, and makes none where nothing is missing", async () => {
    const { asked, ask } = played([1, 2], true);
    await catchUp(ask, NETWORK, name);
    expect(mutations(asked)).toEqual([CATCH_UP, CATCH_UP]);
    await catchUp(ask, NETWORK, name);
    expect(mutations(asked)).toHaveLength(2);
    const stuck = played(Array<number>(100).fill(1), true);
    await catchUp(stuck.ask, NETWORK, name);
    expect(mutations(stuck.asked)).toEqual([CATCH_UP]);
  });

  it("asks for fewer where a block would be too large, and tells of it where even one is", async () => {
    for (const [fits, asked] of [
      [60, [256, 128, 64, 32]],
      [0, [256, 128, 64, 32, 16, 8, 4, 2, 1]],
    ] as const) {
      const most: Json[] = [];
      let copied = 1;
      const ask = async (query: string, variables: { [key: string]: Json }): Promise<string> => {
        if (!query.startsWith("mutation")) return standing({ following: true, copied, announced: 3 });
        most.push(variables.most ?? null);
        if (Number(variables.most) > fits) throw chainError("block-too-large");
        copied = 3;
        return '{"data":{"catchUp":true}}';
      };
      const caught = catchUp(ask, NETWORK, name);
      if (fits > 0) await caught;
      else await expect(caught).rejects.toMatchObject({ code: "block-too-large" });
      expect(most).toEqual(asked);
    }
  });

  it("gives up waiting where nothing was ever published", async () => {
    const { ask } = played(Array<number>(1000).fill(0), true, 0);
    expect(await follow(ask, NETWORK, name, atOnce)).toMatchObject({ copied: 0 });
  });

  it("tells of a refused subscription", async () => {
    const ask = async (query: string): Promise<string> =>
      query.startsWith("mutation")
        ? '{"errors":[{"message":"Already at home."}]}'
        : standing({ following: false, copied: 0, announced: 0 });
    await expect(follow(ask, NETWORK, name, atOnce)).rejects.toThrow("Already at home.");
  });
});
