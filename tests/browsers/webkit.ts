// SPDX-License-Identifier: Apache-2.0
/**
 * WebKitGTK's small browser, driven over WebDriver's own protocol (https://www.w3.org/TR/webdriver2/).
 *
 * Five of its commands are all that is needed, which is less than it takes to start this browser through a library:
 * selenium-webdriver for Node.js knows neither its driver nor its options.
 *
 * It needs a display, which xvfb-run gives it. It has neither SharedArrayBuffer nor a storage for files, so it also
 * shows that the engine does without both.
 */

import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { findProgram, freePort, type DrivenBrowser } from "./driven";

const BROWSERS = [
  "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
  "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
];
const START_MS = 60_000;
const SCRIPT_MS = 600_000;

interface Programs {
  driver: string;
  display: string;
  browser: string;
}

/** All three programs that it takes, or null. */
export function webkitPrograms(): Programs | null {
  const driver = findProgram("WebKitWebDriver");
  const display = findProgram("xvfb-run");
  const browser = process.env.TALEPROOF_WEBKIT ?? findProgram(...BROWSERS);
  return driver && display && browser ? { driver, display, browser } : null;
}

/** One command; what it answers, or its error thrown. */
async function command<T>(method: string, url: string, body?: object): Promise<T> {
  const request = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const response = await fetch(url, request);
  const { value } = (await response.json()) as { value: T | { error: string; message: string } };
  if (!response.ok) throw new Error(`${method} ${url}: ${JSON.stringify(value)}`);
  return value as T;
}

async function untilReady(service: string, driver: ChildProcess): Promise<void> {
  const end = Date.now() + START_MS;
  while (Date.now() < end && driver.exitCode === null) {
    const status = await command<{ ready: boolean }>("GET", `${service}/status`).catch(() => null);
    if (status?.ready === true) return;
    await pause(200);
  }
  throw new Error("WebKitWebDriver did not start");
}

export async function startWebkit(): Promise<DrivenBrowser> {
  const programs = webkitPrograms();
  if (programs === null) throw new Error("WebKitGTK's driver, its MiniBrowser or xvfb-run is not installed");
  const port = await freePort();
  const env = { ...process.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" }; // containers cannot have one
  const args = ["-a", programs.driver, `--port=${port}`];
  // A group of its own, so that display, driver and browser end together.
  const driver = spawn(programs.display, args, { env, stdio: "ignore", detached: true });
  const service = `http://127.0.0.1:${port}`;
  try {
    await untilReady(service, driver);
    return await session(service, programs.browser, () => endGroup(driver));
  } catch (thrown) {
    endGroup(driver);
    throw thrown;
  }
}

function endGroup(leader: ChildProcess): void {
  if (leader.pid === undefined) return;
  try {
    process.kill(-leader.pid);
  } catch {
    // It has ended by itself.
  }
}

async function session(service: string, browser: string, end: () => void): Promise<DrivenBrowser> {
  const options = { "webkitgtk:browserOptions": { binary: browser, args: ["--automation"] } };
  const { sessionId } = await command<{ sessionId: string }>("POST", `${service}/session`, {
    capabilities: { alwaysMatch: options },
  });
  const own = `${service}/session/${sessionId}`;
  await command("POST", `${own}/timeouts`, { script: SCRIPT_MS });
  return {
    async visit(url) {
      await command("POST", `${own}/url`, { url });
    },
    async run<A, T>(task: (argument: A) => T | Promise<T>, argument: A) {
      const script = `const [argument, done] = arguments;
        Promise.resolve(argument).then(${task.toString()})
          .then((ok) => done({ ok }), (thrown) => done({ error: String(thrown) }));`;
      const body = { script, args: [argument] };
      const answer = await command<{ ok: T } | { error: string }>("POST", `${own}/execute/async`, body);
      if ("error" in answer) throw new Error(answer.error);
      return answer.ok;
    },
    async close() {
      await command("DELETE", own).finally(end);
    },
  };
}
