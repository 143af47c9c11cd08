// SPDX-License-Identifier: Apache-2.0
/**
 * Keeps a wallet's service running until the person ends it.
 *
 * In: a wallet, and what else is running. Out: the end, on Ctrl+C. A service that ends by itself is started again, as its
 * state is in the wallet; one that ends at once, or anything else that ends, is told and takes all down.
 */
import { Service } from "./service.mjs";

/** A service that lived shorter than this would end again. */
const SHORT_LIFE_MS = 10_000;

/** @typedef {(closer: () => unknown) => void} Later told what has to be taken down */

/**
 * Runs `work` until Ctrl+C; what `work` hands to `later` is then taken down, last things first.
 * @param {(how: {later: Later}) => Promise<unknown>} work
 */
export async function untilInterrupted(work) {
  /** @type {(() => unknown)[]} */
  const closers = [];
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => interrupted.abort());
  const aborted = new Promise((resolve) => interrupted.signal.addEventListener("abort", resolve));
  try {
    // What is under way when the signal comes is not waited for: the closers end it.
    await Promise.race([work({ later: (closer) => closers.push(closer) }), aborted]);
  } finally {
    for (const closer of closers.reverse()) await closer();
  }
  if (interrupted.signal.aborted) process.exit(0);
}

/**
 * Never returns; throws when something has ended for good.
 * @param {import("./wallet.mjs").Wallet} wallet
 * @param {{port: number, broken?: Promise<never>, later: (closer: () => unknown) => void,
 *   onReady: (service: Service) => void}} options
 */
export async function keepService(wallet, { port, broken = new Promise(() => {}), later, onReady }) {
  let service = await Service.start(wallet, { port });
  later(() => service.stop());
  onReady(service);
  for (;;) {
    const begun = Date.now();
    const how = await Promise.race([service.child.ended, broken]);
    if (Date.now() - begun < SHORT_LIFE_MS) await service.child.end();
    console.log(`${service.child.lastLines}\nThe wallet's service has ended (${how}); it is started again.`);
    service = await Service.start(wallet, { port });
  }
}
