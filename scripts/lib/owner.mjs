// SPDX-License-Identifier: Apache-2.0
/**
 * Names for processes of this machine: a name tells a process from a later one that has been given the same number.
 *
 * In: nothing, or such a name. Out: the name of this process, or whether the process of a name is alive.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { errorCode } from "./problem.mjs";

/** A name that no other owner has ever had: `<number>-<when the process began>-<random>`. */
export function newOwner() {
  return `${process.pid}-${began(process.pid)}-${randomBytes(6).toString("hex")}`;
}

/** The number of the process. @param {string} owner */
export function processOf(owner) {
  return Number(owner.split("-")[0]);
}

/** Whether the process of this name is alive. @param {string} owner */
export function isAlive(owner) {
  const [number, beginning] = owner.split("-");
  const pid = Number(number);
  if (!isRunning(pid)) return false;
  const now = began(pid);
  // Where either is not known, a process of this number has to count: to wait is the lesser harm.
  return now === "" || !beginning || now === beginning;
}

/** Whether a process of this number is alive. @param {number} pid */
function isRunning(pid) {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/** When a process began, in letters and digits that stay the same as long as it lives; empty where nobody can say. @param {number} pid */
function began(pid) {
  if (process.platform === "linux") return beganOnLinux(pid);
  if (process.platform === "win32") return ""; // asking there takes a second
  try {
    const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8", env }).replace(
      /\W+/g,
      "",
    );
  } catch {
    return "";
  }
}

/** Field 22 of /proc/PID/stat: clock ticks since the machine was started (proc(5)), and which start that was. @param {number} pid */
function beganOnLinux(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return `${ticks}x${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8)}`;
  } catch {
    return "";
  }
}
