// SPDX-License-Identifier: Apache-2.0
/**
 * A registry that somebody filled with the largest versions that it takes, at the moment when others publish: nobody is
 * turned away, and newcomers still follow it, read it and get a tick.
 *
 * The home chain's service is held still until all has been sent, so that it finds everything waiting at once. A block has
 * fuel for some eight of these versions, and at most 1,000,000 bytes; a follower's block holds what it copies. Copied by
 * their number alone, these would make a block that no chain can hold.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { askHome, Chain, network, release, whileHomeWaits } from "./chains";
import { serveNetwork, Site } from "./site";
import { Reader, serveSmall, smallRelease } from "./small-model";

/** Bytes of a version, in BCS (chain/src/limits.rs). */
const LARGEST = 32_768;
const HEAVY = 33;
const PER_BLOCK = 7;
const HONEST = 10;
/** Half a minute's work takes ten times as long on a machine that has other work. */
const PATIENCE_MS = 400_000;

type Release = ReturnType<typeof release>;

/** A version with so many bytes in its addresses: the other fields have some hundred. */
function weighing(bytes: number): Release {
  const one = release("a");
  const urls = (length: number): string[] =>
    Array.from({ length: Math.ceil(length / 2000) }, (_, i) => "x".repeat(Math.min(2000, length - i * 2000)));
  const files = [];
  for (let left = bytes; left > 0; left -= 16_000)
    files.push({ ...one.files[0]!, name: `part-${files.length}`, urls: urls(Math.min(16_000, left)) });
  return { ...one, files };
}

interface Standing {
  registry: { copied: number; announced: number };
}
const STANDING = "{ registry { copied announced } }";
interface Requests {
  requests: { items: { status: string; reason: string | null }[] };
}
const REQUESTS = "{ requests(first: 100) { items { status reason } } }";

describe.skipIf(!inject("network"))("a registry full of the largest versions", () => {
  let chains: Chain[];
  let mallory: Chain; // fills it

  /** Asks for a release under many names, or many times under one, several in a block. */
  const publishAll = async (by: Chain, names: string[], one: Release, perBlock: number): Promise<void> => {
    for (let first = 0; first < names.length; first += perBlock) {
      const fields = names
        .slice(first, first + perBlock)
        .map((name, i) => `n${i}: publish(name: "${name}", release: $release)`);
      await by.ask(`mutation($release: ReleaseInput!) { ${fields.join("\n")} }`, { release: one });
    }
  };

  beforeAll(async () => {
    chains = await Promise.all(["mallory", "ada", "ben"].map((name) => Chain.open(name)));
    mallory = chains[0]!;
    await whileHomeWaits(() =>
      Promise.all(
        chains.map((chain, i) => {
          if (chain === mallory)
            return publishAll(chain, Array<string>(HEAVY).fill("heavy"), weighing(LARGEST - 700), PER_BLOCK);
          const names = Array.from({ length: HONEST }, (_, number) => `honest-${i}-${number}`);
          return publishAll(chain, names, weighing(3500), HONEST);
        }),
      ),
    );
  }, PATIENCE_MS);
  afterAll(() => Promise.all((chains ?? []).map((chain) => chain.close())));

  it(
    "has taken what three accounts sent it at once",
    async () => {
      for (const chain of chains) {
        const settled = ({ requests }: Requests) =>
          requests.items.every(({ status }) => status !== "PENDING");
        const { requests } = await chain.until<Requests>(REQUESTS, {}, settled, PATIENCE_MS);
        expect(new Set(requests.items.map(({ status, reason }) => reason ?? status))).toEqual(
          new Set(["ACCEPTED"]),
        );
        expect(requests.items).toHaveLength(chain === mallory ? HEAVY : HONEST);
      }
      await mallory.publisher.publish("heavy", smallRelease());
    },
    PATIENCE_MS,
  );

  it("takes none that is larger", async () => {
    await expect(mallory.publisher.publish("larger", weighing(LARGEST))).rejects.toMatchObject({
      code: "release-size",
    });
    await expect(mallory.publisher.publish("larger", weighing(319_000))).rejects.toMatchObject({
      code: "release-size",
    });
  });

  it(
    "is copied whole by a new wallet's chain",
    async () => {
      const nina = await Chain.open("nina", ["--max-new-events-per-block", "1000000"]);
      try {
        await nina.ask("mutation { follow }");
        const { registry: home } = await askHome<Standing>(STANDING);
        await nina.until<Standing>(STANDING, {}, ({ registry }) => registry.announced === home.announced);
        for (let blocks = 0; ; blocks++) {
          const { registry } = await nina.ask<Standing>(STANDING);
          if (registry.copied === registry.announced) break;
          expect(blocks).toBeLessThan(40);
          await nina.ask("mutation { catchUp }");
          const { registry: next } = await nina.ask<Standing>(STANDING);
          expect(next.copied).toBeGreaterThan(registry.copied);
        }
        expect(await nina.ask<Standing>(STANDING)).toEqual(await askHome<Standing>(STANDING));
        const query = `{ model(name: "heavy") { versionCount latestUsable { number }
        versions(first: 100) { items { number release { files { urls } } } next } } }`;
        const answer = await nina.ask<{ model: { versions: { items: unknown[]; next: number } } }>(query);
        expect(answer).toMatchObject({
          model: { versionCount: HEAVY + 1, latestUsable: { number: HEAVY + 1 } },
        });
        const { items, next } = answer.model.versions;
        expect([items.length < HEAVY, items.length === next]).toEqual([true, true]); // a page ends where it weighs enough
      } finally {
        await nina.close();
      }
    },
    PATIENCE_MS,
  );

  it(
    "gives its tick to somebody whose model has a history of such versions",
    async () => {
      const site = await Site.open();
      try {
        const visitor = await site.visitor();
        await serveNetwork(visitor);
        await serveSmall(visitor, { name: "heavy" });
        const reader = await Reader.come(site, visitor);
        await reader.sees("Registered");
        const said = await reader.readsWhy("Every byte is as registered");
        expect(said).toContain(`heavy, version ${HEAVY + 1}`);
        expect(said).toContain(network().homeChain);
      } finally {
        await site.close();
      }
    },
    PATIENCE_MS,
  );
});
