// SPDX-License-Identifier: Apache-2.0
/**
 * A network of one validator on this machine, with a faucet, and with the fees and limits of the public testnet.
 *
 * In: an empty folder and ports. Out: a running network. Refused: ports that are taken. Its history is in memory and ends with it.
 */
import { mkdirSync } from "node:fs";
import { Child } from "./child.mjs";
import { isFree, requirePorts, watchPorts } from "./ports.mjs";

const START_MS = 60_000;

/** The ports that `linera net up` counts off from the one that it is given. @param {number} base */
function validatorPorts(base) {
  return {
    "the validator": base + 1,
    "the validator's proxy": base + 1001,
    "the validator's address": base + 4001,
  };
}

/** A number from which all of these are free, below those that the system gives to connections. */
export async function freeBasePort() {
  for (;;) {
    const base = 10_000 + Math.floor(Math.random() * 18_000);
    const free = await Promise.all(Object.values(validatorPorts(base)).map((port) => isFree(port)));
    if (free.every(Boolean)) return base;
  }
}

/**
 * @param {{folder: string, faucetPort: number, basePort: number, prepare: () => void,
 *   later: (closer: () => unknown) => void}} options prepare: called when the ports are seen to be free
 * @returns {Promise<{broken: Promise<never>, faucet: string}>} broken: rejects when a part of it has ended by itself
 */
export async function startNetwork({ folder, faucetPort, basePort, prepare, later }) {
  const ports = { "the faucet": faucetPort, ...validatorPorts(basePort) };
  await requirePorts(ports, "End that program, or choose others with --faucet-port and --base-port.");
  prepare();
  mkdirSync(folder, { recursive: true });
  const faucet = ["--with-faucet", "--faucet-port", String(faucetPort)];
  const child = new Child(
    "The local network",
    "linera",
    ["net", "up", ...faucet, "--policy-config", "testnet", "--path", folder],
    { TEST_OFFSET_PORT: String(basePort), RUST_LOG: "warn" },
  );
  later(() => child.stop());
  await child.printed("READY!", START_MS);
  const broken = Promise.race([child.end(), watchPorts(ports)]);
  return { broken, faucet: `http://localhost:${faucetPort}` };
}
