// SPDX-License-Identifier: Apache-2.0
/** Which kernels the engine takes: the real builds, and builds in which one instruction is another. */

import { readFile } from "node:fs/promises";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { compileKernels } from "../../web/engine/memory/kernels";
import { makeArena } from "../../web/engine/memory/make-arena";

const SITE = "https://example.org/tales/";

/** What the integer dot product of a build is made of, and an instruction of the same type: see tests/kernels too. */
const DOCTORED = {
  relaxed: [
    [0xfd, 0x92, 0x02], // i16x8.relaxed_dot_i8x16_i7x16_s
    [0xfd, 0x95, 0x01], // i16x8.mul
  ],
  baseline: [
    [0xfd, 0x95, 0x01],
    [0xfd, 0x91, 0x01], // i16x8.sub
  ],
} as const;

type Build = keyof typeof DOCTORED;

let fetched: string[] = [];

function replaceAll(code: Buffer, [right, wrong]: readonly [readonly number[], readonly number[]]): number {
  let count = 0;
  for (let at = code.indexOf(Buffer.from(right)); at >= 0; at = code.indexOf(Buffer.from(right), at)) {
    Buffer.from(wrong).copy(code, at);
    count += 1;
  }
  return count;
}

/** The site's kernels, some builds doctored. */
function serve(...doctored: Build[]): void {
  vi.stubGlobal("fetch", async (url: URL) => {
    const name = url.href.slice(SITE.length);
    fetched.push(name);
    const code = await readFile(`build/${name}`);
    const build = doctored.find((wrong) => name.includes(wrong));
    if (build) expect(replaceAll(code, DOCTORED[build])).toBeGreaterThan(0);
    return new Response(new Uint8Array(code));
  });
}

beforeEach(() => {
  fetched = [];
  vi.unstubAllGlobals();
});

describe.each([false, true])("kernels, for shared memory: %s", (shared) => {
  const suffix = shared ? "-shared" : "";

  test("that compute what they should are taken without a word, and no others fetched", async () => {
    serve();
    expect(await compileKernels(SITE, shared)).toMatchObject({ build: "relaxed", shared, reason: null });
    expect(fetched).toEqual([`kernels/relaxed${suffix}.wasm`]);
  });

  test("that compute something else are passed over, and that is told", async () => {
    serve("relaxed");
    const kernels = await compileKernels(SITE, shared);
    expect(kernels).toMatchObject({ build: "baseline", shared });
    expect(kernels.reason).toContain("compute something else");
  });

  test("of which none computes what it should are refused", async () => {
    serve("relaxed", "baseline");
    await expect(compileKernels(SITE, shared)).rejects.toMatchObject({
      name: "EngineError",
      code: "wrong-kernels",
    });
  });
});

test("an arena tells why its kernels are the slower ones", async () => {
  serve("relaxed");
  vi.stubGlobal("navigator", { hardwareConcurrency: 1 });
  const { arena } = await makeArena(SITE, { want: () => undefined, report: () => undefined });
  expect(arena.build).toBe("baseline");
  expect(arena.kernelsReason).toContain("compute something else");
});
