// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withLock } from "../../../scripts/lib/lock.mjs";
import { isAlive, newOwner } from "../../../scripts/lib/owner.mjs";
import { ROOT } from "../../../scripts/lib/paths.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taleproof-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = (): string => join(folder, "lock");

/** Leaves a lock behind, as its owner does that is killed while it works. */
function abandon(owner: string): void {
  mkdirSync(`${path()}.owner`);
  writeFileSync(join(`${path()}.owner`, owner), "");
}

describe("the lock", () => {
  it("leaves nothing behind after the work, well or not", async () => {
    expect(await withLock(path(), async () => readdirSync(folder))).toEqual(["lock.owner"]);
    await expect(withLock(path(), () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("of a process that has died does not count", async () => {
    abandon("999999999-1-abc");
    expect(await withLock(path(), async () => "worked")).toBe("worked");
  });

  it.runIf(process.platform === "linux")(
    "of a process whose number another one has now does not count",
    async () => {
      abandon(newOwner().replace(/-\w+-/, "-12345-"));
      expect(await withLock(path(), async () => "worked")).toBe("worked");
    },
  );

  it("of a process that died before it had the lock is cleared away", async () => {
    mkdirSync(`${path()}.owner.999999999-1-abc`);
    writeFileSync(join(`${path()}.owner.999999999-1-abc`, "999999999-1-abc"), "");
    await withLock(path(), async () => undefined);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("lets one work at a time, and tells the other whom it waits for", async () => {
    const order: string[] = [];
    let finish = (): void => undefined;
    const first = withLock(path(), async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      order.push("first");
    });
    const waited: number[] = [];
    const second = withLock(
      path(),
      async () => {
        order.push("second");
      },
      (owner: number) => {
        waited.push(owner);
        finish();
      },
    );
    await Promise.all([first, second]);
    expect(order).toEqual(["first", "second"]);
    expect(waited).toEqual([process.pid]);
  });

  // In every fourth turn the owner leaves the lock as though it had been killed, for all others to find at once.
  it("never has two owners among six processes of forty turns each, of which many die", async () => {
    const module = (name: string): string =>
      JSON.stringify(pathToFileURL(join(ROOT, "scripts", "lib", name)).href);
    const script = `
      import { closeSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
      import { withLock } from ${module("lock.mjs")};
      const [lock, inside] = process.argv.slice(1);
      for (let turn = 0; turn < 40; turn += 1) {
        await withLock(lock, async () => {
          closeSync(openSync(inside, "wx")); // fails where somebody else is inside
          await new Promise((resolve) => setImmediate(resolve));
          rmSync(inside);
          console.log("turn");
          if (turn % 4 !== 3) return;
          const folder = lock + ".owner";
          renameSync(folder + "/" + readdirSync(folder)[0], folder + "/999999999-1-" + process.pid + "x" + turn);
        }, undefined, 1);
      }`;
    const args = ["--input-type=module", "-e", script, path(), join(folder, "inside")];
    const run = (): Promise<{ code: number | null; output: string }> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, args);
        let output = "";
        child.stdout.on("data", (chunk) => (output += String(chunk)));
        child.stderr.on("data", (chunk) => (output += String(chunk)));
        child.on("close", (code) => resolve({ code, output }));
      });
    for (const { code, output } of await Promise.all(Array.from({ length: 6 }, run))) {
      expect(output).toBe("turn\n".repeat(40));
      expect(code).toBe(0);
    }
  }, 120_000);
});

describe("the name of an owner", () => {
  it("is alive as long as its process, and no other owner has it", () => {
    const [first, second] = [newOwner(), newOwner()];
    expect(first).not.toBe(second);
    expect(isAlive(first)).toBe(true);
    expect(isAlive("999999999-1-abc")).toBe(false);
    expect(isAlive("anything else")).toBe(false);
  });

  it.runIf(process.platform === "linux")("has the time in it at which the process began", () => {
    const stat = readFileSync("/proc/self/stat", "utf8").split(") ")[1]!.split(" ");
    expect(newOwner()).toContain(`-${stat[19]!}x`);
  });
});
