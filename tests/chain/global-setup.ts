// SPDX-License-Identifier: Apache-2.0
/**
 * One network for all files: `npm run chain:up` itself, on ports and with wallets of its own.
 *
 * Out: what the tests need to know of it; null where the machine lacks what a network needs, which is said. In CI that is a
 * failure, but for `linera` itself, which not every machine has: it takes half an hour to compile. At the end Ctrl+C, after
 * which nothing may be left of it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildApplication } from "../../scripts/lib/chain/application.mjs";
import { type Deployment, readDeployment } from "../../scripts/lib/chain/deployment.mjs";
import { requireLinera } from "../../scripts/lib/chain/linera.mjs";
import { freeBasePort } from "../../scripts/lib/chain/network.mjs";
import { freePort } from "../../scripts/lib/chain/ports.mjs";
import { Problem } from "../../scripts/lib/problem.mjs";
import { buildSite } from "../../scripts/lib/site.mjs";

export interface TestNetwork extends Deployment {
  /** Its wallets and network.json. */
  folder: string;
  faucetPort: number;
  servicePort: number;
}

declare module "vitest" {
  interface ProvidedContext {
    network: TestNetwork | null;
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  try {
    requireLinera();
    await buildApplication((text: string) => console.log(text));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (process.env.CI === "true" && error.code !== "linera-missing") throw error;
    console.log(`The tests of the chain are skipped. ${error.message}`);
    project.provide("network", null);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), "taleproof-chain-"));
  const network = { folder, faucetPort: await freePort(), servicePort: await freePort() };
  await buildSite();
  const up = await start(network);
  project.provide("network", { ...network, ...readDeployment(join(folder, "network.json")) });
  return () => takeDown(up, network);
}

async function start({ folder, faucetPort, servicePort }: Omit<TestNetwork, keyof Deployment>) {
  const options = {
    "faucet-port": faucetPort,
    "service-port": servicePort,
    "base-port": await freeBasePort(),
    path: folder,
    network: join(folder, "network.json"),
  };
  const words = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const up = spawn(process.execPath, ["scripts/chain/up.mjs", ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    up.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes("Ctrl+C ends the network")) resolve();
    });
    up.once("exit", (code) => reject(new Error(`chain:up ended with code ${code}:\n${said}`)));
  });
  return up;
}

async function takeDown(
  up: ChildProcess,
  { folder, faucetPort, servicePort }: TestNetwork | Omit<TestNetwork, keyof Deployment>,
) {
  const ended = new Promise((resolve) => up.once("exit", resolve));
  up.kill("SIGINT");
  const code = await ended;
  const left = existsSync(join(folder, "network.json"));
  rmSync(folder, { recursive: true, force: true });
  if (code !== 0 || left || (await answers(faucetPort)) || (await answers(servicePort))) {
    throw new Error(
      `chain:up left something behind: code ${String(code)}, network.json ${left ? "there" : "gone"}`,
    );
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "localhost");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
  });
}
