// SPDX-License-Identifier: Apache-2.0
/** What the page tells to check a tick by: the very commands, in a real shell, with the real programs. */
import { spawn } from "node:child_process";
import { describe, expect, inject, it } from "vitest";
import { freePort } from "../../scripts/lib/chain/ports.mjs";
import { chainCommands, PORT } from "../../web/app/components/verdict/check-commands";
import { askHome, network } from "./chains";

const FOUNDED = `{ model(name: "stories260k") {
  latest { number publisher published { height } release { files { sha256 } } } } }`;

interface Founded {
  model: {
    latest: {
      number: number;
      publisher: string;
      published: { height: number };
      release: { files: { sha256: string }[] };
    };
  };
}

/** All that a shell prints; what it left running is ended. */
async function run(script: string): Promise<string> {
  const shell = spawn("sh", ["-ec", `trap 'kill $!' EXIT\n${script}`], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, TMPDIR: network().folder },
  });
  let said = "";
  shell.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  const code = await new Promise((resolve) => shell.once("close", resolve));
  if (code !== 0) throw new Error(`the commands ended with ${String(code)}:\n${said}`);
  return said;
}

describe.skipIf(!inject("network"))("the commands beside a tick", () => {
  it("show the block that the badge names, and the registered digests", async () => {
    const { number, publisher, published, release } = (await askHome<Founded>(FOUNDED)).model.latest;
    const { faucet, homeChain, application } = network();
    const commands = chainCommands(
      { faucet, homeChain, application },
      { model: "stories260k", version: number, block: published.height },
    );
    const ports = new RegExp(`(--port |localhost:)${PORT}\\b`, "g");
    const said = await run(commands.replaceAll(ports, `$1${await freePort()}`));
    expect(said).toMatch(
      new RegExp(`chain_id: ${homeChain}[^]*height: BlockHeight\\(\\s*${published.height},`),
    );
    for (const value of [publisher, ...release.files.map(({ sha256 }) => sha256)])
      expect(said).toContain(value);
  });
});
