// SPDX-License-Identifier: Apache-2.0
/** What decides whether a run of checks or of the application's tests may go on. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { protocFits } from "../../../scripts/lib/chain/compiler.mjs";
import { runChecks, type Check } from "../../../scripts/lib/checks.mjs";

const ending = (name: string, code: number): Check => [
  name,
  process.execPath,
  ["-e", `process.exit(${code})`],
];

describe("the checks", () => {
  it("tell each one that fails, and go on with the next", async () => {
    const all = [ending("first", 0), ending("second", 3), ending("third", 0), ending("fourth", 1)];
    expect(await runChecks({ all })).toEqual({ passed: ["first", "third"], failed: ["second", "fourth"] });
  });
});

describe.skipIf(process.platform === "win32")("a protoc", () => {
  let folder: string;
  let environment: Record<string, string>;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "taleproof-protoc-"));
    const protoc = join(folder, "protoc");
    // As protoc does: what is compiled has to lie below a folder that --proto_path names.
    writeFileSync(protoc, '#!/bin/sh\nfor last; do :; done\ntest -f "${1#--proto_path=}/$last"\n');
    chmodSync(protoc, 0o755);
    environment = { PATH: process.env.PATH ?? "", PROTOC: protoc, PROTOC_INCLUDE: join(folder, "include") };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("without its own .proto files will not do", () => {
    expect(protocFits(environment)).toBe(false);
  });

  it("with them will", () => {
    mkdirSync(join(folder, "include", "google", "protobuf"), { recursive: true });
    writeFileSync(join(folder, "include", "google", "protobuf", "empty.proto"), "");
    expect(protocFits(environment)).toBe(true);
  });

  it("has to be there", () => {
    expect(protocFits({ ...environment, PROTOC: join(folder, "none") })).toBe(false);
  });
});
