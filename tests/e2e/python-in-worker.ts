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

/** The engine's own worker, of all that there are: the one that has Python. */
async function engineWorker(page: Page): Promise<Worker> {
  for (const worker of page.workers().reverse()) {
    if (await worker.evaluate(() => "python" in globalThis).catch(() => false)) return worker;
  }
  throw new Error("no worker has Python");
}

/**
 * Lets the next call of a function of Python's begin with other code, once.
 * @param where module and name, for example "taleproof.worker_open.read_model"
 */
export async function beginOnceWith(page: Page, where: string, code: string): Promise<void> {
  const [module, name] = [where.slice(0, where.lastIndexOf(".")), where.slice(where.lastIndexOf(".") + 1)];
  const lines = code.split("\n").map((line) => `    ${line}`);
  const script = [
    `import ${module} as module`,
    `original = module.${name}`,
    "def changed(*arguments, **named):",
    `    module.${name} = original`,
    ...lines,
    "    return original(*arguments, **named)",
    `module.${name} = changed`,
  ].join("\n");
  const worker = await engineWorker(page);
  await worker.evaluate((text) => {
    const scope = globalThis as unknown as {
      python: { runPython(code: string, options: { globals: unknown }): void; toPy(value: object): unknown };
    };
    scope.python.runPython(text, { globals: scope.python.toPy({}) });
  }, script);
}
