// SPDX-License-Identifier: Apache-2.0
/**
 * Python's code in the engine's worker, changed from outside, for tests of what hangs.
 *
 * In: a page before its visit. Out: a way to run Python in the newest worker. Pyodide's own script is wrapped on its way
 * to the browser; nothing of this is part of the site.
 */
import { readFileSync } from "node:fs";
import type { BrowserContext, Page, Worker } from "@playwright/test";

const REAL = "pyodide-real.mjs";
const WRAPPER = `import { loadPyodide as load } from "./${REAL}";
export async function loadPyodide(options) {
  const python = await load(options);
  globalThis.python = python;
  return python;
}`;
const HEADERS = {
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

export async function exposePython(context: BrowserContext): Promise<void> {
  const contentType = "text/javascript";
  await context.route("**/pyodide/pyodide.mjs", (route) =>
    route.fulfill({ body: WRAPPER, headers: HEADERS, contentType }),
  );
  await context.route(`**/pyodide/${REAL}`, (route) =>
    route.fulfill({ body: readFileSync("public/pyodide/pyodide.mjs"), headers: HEADERS, contentType }),
  );
}

/** The engine's newest worker; the helpers of its threads are workers too, and answer nobody while they wait. */
function engineWorker(page: Page): Worker {
  const worker = page
    .workers()
    .reverse()
    .find((one) => new URL(one.url()).pathname.includes("/worker-"));
  if (!worker) throw new Error("the page has no engine");
  return worker;
}

/**
 * Lets the next call of a function of Python's begin with other code, once.
 * @param where module or class and name, for example "taleproof.apps.opener.read_model"
 */
export async function beginOnceWith(page: Page, where: string, code: string): Promise<void> {
  const dot = where.lastIndexOf(".");
  const [holder, name] = [where.slice(0, dot), where.slice(dot + 1)];
  const lines = code.split("\n").map((line) => `    ${line}`);
  const script = [
    "import pkgutil",
    `holder = pkgutil.resolve_name("${holder}")`,
    `original = holder.${name}`,
    "def changed(*arguments, **named):",
    `    holder.${name} = original`,
    ...lines,
    "    return original(*arguments, **named)",
    `holder.${name} = changed`,
  ].join("\n");
  await runPython(page, script);
}

/** Runs a script, and gives the text that its last line is. */
export async function runPython(page: Page, script: string): Promise<string> {
  return engineWorker(page).evaluate((text) => {
    const scope = globalThis as unknown as {
      python: {
        runPython(code: string, options: { globals: unknown }): string;
        toPy(value: object): unknown;
      };
    };
    return scope.python.runPython(text, { globals: scope.python.toPy({}) });
  }, script);
}
