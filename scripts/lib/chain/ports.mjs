// SPDX-License-Identifier: Apache-2.0
/** Ports of this machine: whether they are free, and which are. */
import { connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Problem } from "../problem.mjs";

const WATCH_MS = 2_000;

/** Refuses to go on where a port is taken. @param {Record<string, number>} ports what each is for -> its number @param {string} remedy */
export async function requirePorts(ports, remedy) {
  for (const [what, port] of Object.entries(ports)) {
    if (await isFree(port)) continue;
    throw new Problem("port-taken", `Port ${port}, for ${what}, is taken by another program. ${remedy}`);
  }
}

/** A port that nobody listens on. @returns {Promise<number>} */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** Never returns; throws once nobody answers at one of the ports any more. @param {Record<string, number>} ports @returns {Promise<never>} */
export async function watchPorts(ports) {
  for (;;) {
    await pause(WATCH_MS, undefined, { ref: false });
    for (const [what, port] of Object.entries(ports)) {
      if (await answers(port)) continue;
      throw new Problem(
        "network-ended",
        `The local network has broken down: nobody answers at port ${port}, for ${what}.`,
      );
    }
  }
}

/** @param {number} port @returns {Promise<boolean>} */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "localhost");
    /** @param {boolean} answer */
    const tell = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => tell(true)).once("error", () => tell(false));
  });
}

/** Whether this program could listen there. @param {number} port @returns {Promise<boolean>} */
export function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer().on("error", () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
