// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BUILDS, checkDigests, pinnedDigests, withRelease } from "../../../scripts/lib/kernel-digests.mjs";
import { PUBLIC, ROOT } from "../../../scripts/lib/paths.mjs";
import { describeWheels } from "../../../scripts/lib/steps/package.mjs";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("the list of wheels", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "taleproof-wheels-"));
    for (const name of [
      "jinja2-1-py3-none-any.whl",
      "ours-1-py3-none-any.whl",
      "astray-1-py3-none-any.whl",
    ]) {
      writeFileSync(join(folder, name), name);
    }
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const jinja = { name: "jinja2-1-py3-none-any.whl", sha256: sha256("jinja2-1-py3-none-any.whl") };
  const ours = { name: "ours-1-py3-none-any.whl" };

  it("has those that were named, in their order, and none that happens to lie there", async () => {
    const listed = await describeWheels(folder, [jinja, ours]);
    expect(listed.map(({ package: name, sha256 }) => [name, sha256])).toEqual([
      ["jinja2", jinja.sha256],
      ["ours", sha256(ours.name)],
    ]);
  });

  it("refuses a wheel with other bytes than it is known by", async () => {
    writeFileSync(join(folder, jinja.name), "other bytes");
    await expect(describeWheels(folder, [jinja, ours])).rejects.toMatchObject({ code: "digest-mismatch" });
  });
});

describe("the kernels' digests", () => {
  const pinned = pinnedDigests();

  it("are in the engine's source, and in the list for the page", () => {
    expect(Object.keys(pinned)).toEqual(BUILDS);
    const list = JSON.parse(readFileSync(join(PUBLIC, "kernels", "kernels.json"), "utf8")) as Record<
      string,
      { sha256: string }
    >;
    for (const name of BUILDS) expect(list[name]?.sha256).toBe(pinned[name]);
  });

  it("are compared by set-up, which names the build and the remedy", () => {
    expect(() => checkDigests(pinned, pinned)).not.toThrow();
    for (const name of BUILDS) {
      expect(() => checkDigests({ ...pinned, [name]: sha256("other") }, pinned)).toThrow(
        new RegExp(`${name}: expected SHA-256 ${pinned[name]!}[^]*npm run kernels:pin`),
      );
    }
    const withoutTable = readFileSync(join(ROOT, "py", "taleproof", "memory", "kernels.py"), "utf8").replace(
      "KERNEL_",
      "",
    );
    expect(() => checkDigests(pinned, pinnedDigests(withoutTable))).toThrow();
  });

  it("of a new version stand before the others, and those of the same version are replaced", () => {
    const release = { numerics: 1, kernels: [pinned] };
    const other = { numerics: 1, kernels: [{ relaxed: "other" }] };
    expect(Object.entries(withRelease({ "0.1.0": other }, "0.2.0", release))).toEqual([
      ["0.2.0", release],
      ["0.1.0", other],
    ]);
    expect(Object.entries(withRelease({ "0.2.0": other, "0.1.0": other }, "0.2.0", release))).toEqual([
      ["0.2.0", release],
      ["0.1.0", other],
    ]);
  });
});
