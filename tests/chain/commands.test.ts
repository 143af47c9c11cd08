// SPDX-License-Identifier: Apache-2.0
/** The commands, as a person runs them beside `npm run chain:up`. */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { askHome, network, release } from "./chains";

/** Runs a command to its end. */
function run(name: string, words: string[], environment: Record<string, string> = {}) {
  return new Promise<{ code: number; said: string }>((resolve) => {
    const options = { env: { ...process.env, ...environment } };
    const child = execFile(
      process.execPath,
      [`scripts/chain/${name}.mjs`, ...words],
      options,
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? 1, said: stdout + stderr }),
    );
  });
}

/** Beside the network of these tests. */
function runHere(name: string, words: string[]) {
  const { folder } = network();
  return run(name, [...words, "--path", folder, "--network", join(folder, "network.json")]);
}

const MODEL =
  "query($name: String!) { model(name: $name) { versionCount latest { revoked { reason } release { files { name size chunks { size } } } } } }";

describe("without a network", () => {
  it("a command says how to install linera", async () => {
    const { code, said } = await run("up", [], { PATH: dirname(process.execPath) });
    expect(code).toBe(1);
    expect(said).toMatch(/cargo install --locked linera-service@0\.15\.17/);
    expect(said).toContain("(linera-missing)");
  });

  it("wrong options are answered with the right ones", async () => {
    for (const [name, words] of [
      ["up", ["--port", "1"]],
      ["up", ["--faucet-port", "80"]],
      ["deploy", []],
      ["publish", []],
      ["revoke", ["fox", "one", "--reason", "x"]],
    ] as const) {
      const { code, said } = await run(name, [...words]);
      expect(code).toBe(1);
      expect(said).toContain("(usage)");
    }
  });
});

describe.skipIf(!inject("network"))("the commands", () => {
  let scratch: string;
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), "taleproof-commands-"));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it("publish, publish with the bytes, and revoke", async () => {
    expect(await runHere("publish", ["stories260k", "--name", "by-address"])).toMatchObject({ code: 0 });
    const { model: byAddress } = await askHome<{ model: object }>(MODEL, { name: "by-address" });
    expect(byAddress).toMatchObject({
      versionCount: 1,
      latest: { release: { files: [{ chunks: [] }, { chunks: [] }] } },
    });

    const file = join(scratch, "stories260K.bin");
    copyFileSync("tests/fixtures/stories260K.bin", file);
    expect(await runHere("publish-model", [file, "--name", "by-chain"])).toMatchObject({ code: 0 });
    const sizes = [500_000, 500_000, 56_540].map((size) => ({ size }));
    const { model: byChain } = await askHome<{ model: object }>(MODEL, { name: "by-chain" });
    expect(byChain).toMatchObject({
      latest: { release: { files: [{ size: 1_056_540, chunks: sizes }, { chunks: [{ size: 6227 }] }] } },
    });

    expect(await runHere("revoke", ["by-chain", "1", "--reason", "a test"])).toMatchObject({ code: 0 });
    const { model: revoked } = await askHome<{ model: object }>(MODEL, { name: "by-chain" });
    expect(revoked).toMatchObject({ latest: { revoked: { reason: "a test" } } });
  });

  it("describe their own model in a file", async () => {
    const path = join(scratch, "own.json");
    const [file] = release().files;
    const entry = {
      id: "own",
      licence: { id: "MIT" },
      architecture: "llama",
      format: "gguf",
      contextLength: 64,
    };
    writeFileSync(path, JSON.stringify({ ...entry, files: [{ ...file, role: "model" }] }));
    const missing = await runHere("publish", [path]);
    expect(missing.said).toMatch(/\((no-network|no-file)\)/); // its file is not at hand, and example.org has none
    writeFileSync(path, JSON.stringify(entry));
    expect((await runHere("publish", [path])).said).toMatch(/own lacks files[^]*\(model-incomplete\)/);
    writeFileSync(path, "{");
    expect((await runHere("publish", [path])).said).toContain("(model-unreadable)");
  });

  it("say what is wrong", async () => {
    const refused: [string, string[], string][] = [
      ["publish", ["nothing-like-it"], "unknown-model"],
      ["publish-model", ["README.md"], "unknown-model"],
      ["publish-model", ["public/models.json", "--as", "smollm2-135m-instruct-q4_1"], "model-too-large"],
      ["revoke", ["nothing-like-it", "1", "--reason", "x"], "unknown-name"],
    ];
    for (const [name, words, code] of refused) {
      const outcome = await runHere(name, words);
      expect(outcome).toMatchObject({ code: 1, said: expect.stringContaining(`(${code})`) as string });
    }
    const { faucetPort, folder } = network();
    const taken = await run("up", ["--faucet-port", String(faucetPort), "--path", join(folder, "second")]);
    expect(taken.said).toMatch(
      new RegExp(`Port ${faucetPort}, for the faucet, is taken[^]*--faucet-port[^]*\\(port-taken\\)`),
    );
    const nowhere = join(scratch, "network.json");
    const deployed = await run("deploy", [
      "--faucet",
      "http://localhost:9",
      "--path",
      scratch,
      "--network",
      nowhere,
    ]);
    expect(deployed.said).toContain("(network-unreachable)");
    expect((await run("publish", ["stories260k", "--network", nowhere])).said).toContain("(no-network-json)");
    mkdirSync(join(scratch, "damaged"));
    writeFileSync(join(scratch, "damaged", "network.json"), '{"faucet": "http://localhost:8080"}');
    const damaged = await run("publish", [
      "stories260k",
      "--network",
      join(scratch, "damaged", "network.json"),
    ]);
    expect(damaged.said).toContain("(network-json-damaged)");
  });

  it("found a second registry on the same network", async () => {
    const { faucet, application } = network();
    const path = join(scratch, "second.json");
    const { code, said } = await run("deploy", ["--faucet", faucet, "--path", scratch, "--network", path]);
    expect(code).toBe(0);
    expect(said).toMatch(/application [0-9a-f]{64}/);
    expect(said).not.toContain(application);
  });
});
