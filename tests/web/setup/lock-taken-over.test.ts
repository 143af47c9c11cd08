// SPDX-License-Identifier: Apache-2.0
/** A second process takes over a dead owner's lock in the very moment in which a first one is about to. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { withLock } from "../../../scripts/lib/lock.mjs";

const DEAD = "999999999-1-abc";
const SECOND = "888888888-1-def";
const second = vi.hoisted(() => ({ takes: () => {}, works: true }));

vi.mock("../../../scripts/lib/owner.mjs", async (importOriginal) => ({
  ...(await importOriginal<typeof import("../../../scripts/lib/owner.mjs")>()),
  isAlive(owner: string) {
    if (owner === DEAD) second.takes(); // after this one has seen that the owner is dead, before it does anything
    return owner === SECOND && second.works;
  },
}));

it("the first one leaves the lock of the second alone, and waits", async () => {
  const folder = mkdtempSync(join(tmpdir(), "taleproof-lock-"));
  const lock = join(folder, "lock.owner");
  mkdirSync(lock);
  writeFileSync(join(lock, DEAD), "");
  second.takes = () => renameSync(join(lock, DEAD), join(lock, SECOND));
  const told: unknown[] = [];
  await withLock(
    join(folder, "lock"),
    async () => told.push("works"),
    (owner: number) => {
      told.push(owner, ...readdirSync(lock));
      second.works = false; // and dies
    },
    1,
  );
  expect(told).toEqual([888888888, SECOND, "works"]);
  rmSync(folder, { recursive: true });
});
