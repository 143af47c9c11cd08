// SPDX-License-Identifier: Apache-2.0
/**
 * The set-up as a list of steps in order. What each one does stands in steps/.
 *
 * In: the clone as it is. Out: how many steps had to run. Refused: whatever a step refuses; the steps before it stay done.
 */
import { join } from "node:path";
import { withLock } from "./lock.mjs";
import { Cache } from "./cache.mjs";
import { cacheFolder, ROOT } from "./paths.mjs";
import { Stamps } from "./stamp.mjs";
import { bytecodeStep } from "./steps/bytecode.mjs";
import { kernelsStep } from "./steps/kernels.mjs";
import { modelStep } from "./steps/model.mjs";
import { npmStep } from "./steps/npm.mjs";
import { packageStep } from "./steps/package.mjs";
import { protocolStep } from "./steps/protocol.mjs";
import { pyodideStep } from "./steps/pyodide.mjs";
import { pythonStep } from "./steps/python.mjs";
import { snapshotStep } from "./steps/snapshot.mjs";
import { wheelsStep } from "./steps/wheels.mjs";

const STAMP_FOLDER = join(ROOT, "build", "setup");

/** The stamps of this clone; the site's build keeps its own among them. */
export const stamps = new Stamps(ROOT, STAMP_FOLDER);

/** @returns {Promise<{ran: number}>} */
export async function setUp() {
  const cache = new Cache(cacheFolder());
  const steps = [
    npmStep(),
    pythonStep(),
    protocolStep(),
    pyodideStep(cache),
    snapshotStep(),
    wheelsStep(cache),
    packageStep(),
    bytecodeStep(),
    kernelsStep(),
    modelStep(cache),
  ];
  if (steps.every((step) => stamps.isDone(step))) return { ran: 0 };
  /** @param {number} owner */
  const say = (owner) =>
    console.log(`Another set-up is at work in this folder (process ${owner}); waiting for it.`);
  return withLock(join(STAMP_FOLDER, "lock"), () => runSteps(steps), say);
}

/** @param {import("./stamp.mjs").Step[]} steps */
async function runSteps(steps) {
  let ran = 0;
  for (const step of steps) {
    if (stamps.isDone(step)) continue;
    console.log(`${step.title} ...`);
    await stamps.run(step);
    ran += 1;
  }
  return { ran };
}
