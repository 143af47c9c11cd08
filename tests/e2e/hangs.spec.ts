// SPDX-License-Identifier: Apache-2.0
/** An engine that hangs on purpose, in six ways: Stop ends it, and another model writes, without loading the page again. */

import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { expect, test, type Page } from "@playwright/test";
import type { OpenRequest } from "../../web/engine/protocol";
import { TINY, lastOf, open, story, tokensOf, visit, written } from "./engine-page";
import { served } from "./file-server";
import { beginOnceWith, exposePython } from "./python-in-worker";
import { at, modelAt } from "../requests";

const FILE = readFileSync("tests/fixtures/stories260K.bin");
const TOKENIZER = readFileSync("tests/fixtures/tok512.bin");
const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

const START = "taleproof.apps.worker.story.make_prompt";
const NEXT = "taleproof.apps.worker.story.Story.next";
/** An endless loop in WebAssembly, as a kernel would hang: nothing can interrupt it. */
const ENDLESS = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11]; // prettier-ignore

const HANGS: [string, string, string][] = [
  ["regex", START, 'import regex\nregex.match(r"(a|aa)+$", "a" * 60 + "b")'],
  ["big integer", START, "import math\nmath.factorial(10**8)"],
  ["normaliser", START, 'import unicodedata\nunicodedata.normalize("NFD", "\\u0315\\u0300" * 4_000_000)'],
  ["template", START, 'import jinja2\njinja2.Template("{% for i in range(10**12) %}{% endfor %}").render()'],
  ["decoder", NEXT, "while True: pass"],
  ["kernel", NEXT, `import js\njs.WebAssembly.Instance.new(js.WebAssembly.Module.new(js.Uint8Array.new(js.Array.of(*${JSON.stringify(ENDLESS)})))).exports.f()`], // prettier-ignore
];

/** Writes, and stops once the request that hangs is sent, `after` so many events; tells how it ended, after how long. */
async function hangAndStop(page: Page, after: number): Promise<{ told: string; ms: number }> {
  const wish = story("Once", 50);
  return page.evaluate(
    async ({ request, before }) => {
      const abort = new AbortController();
      const events = window.held.client!.write(request, abort.signal);
      for (let i = 0; i < before; i++) await events.next();
      const last = events.next().then(
        ({ value }) => (value?.kind === "finished" ? value.reason : `went on with ${value?.kind}`),
        (thrown: { code: string }) => thrown.code,
      );
      await new Promise((resolve) => setTimeout(resolve)); // the request is on its way
      const begun = performance.now();
      abort.abort();
      return { told: await last, ms: performance.now() - begun };
    },
    { request: wish, before: after },
  );
}

test("Stop ends whatever hangs, and another model writes after it", async ({ page, context }) => {
  test.slow();
  await exposePython(context);
  await visit(page);
  const tokenizer = at("tok512.bin", { sha256: digest(TOKENIZER) }, "tokenizer");
  const other = { sources: [at("stories260K.bin", { sha256: digest(FILE) }), tokenizer] };
  await context.route("**/tok512.bin", (route) => route.fulfill({ body: TOKENIZER }));
  await context.route("**/stories260K.bin", (route) => route.fulfill({ body: FILE }));
  await served(TINY.file, {}, async (server) => {
    const tiny = modelAt(server.url, { sha256: TINY.sha256 });
    const writeWith = async (request: OpenRequest): Promise<number> => {
      const begun = performance.now();
      expect((await open(page, request)).error).toBeUndefined();
      const events = await written(page, story("Once upon a time", 3));
      expect(tokensOf(events)).toHaveLength(3);
      expect(lastOf(events).reason).toBe("length");
      return performance.now() - begun;
    };
    const reference = await writeWith(other); // a start from nothing on this machine, in this minute
    for (const [name, where, code] of HANGS) {
      await writeWith(tiny);
      await beginOnceWith(page, where, code);
      const { told, ms } = await hangAndStop(page, where === NEXT ? 1 : 0);
      expect([name, told]).toEqual([name, expect.stringMatching(/^(cancelled|engine-stopped)$/)]);
      const again = await writeWith(other);
      // An interrupt, the worker's end and a start: under five seconds, or as much slower as this machine is at present.
      expect(ms + again, name).toBeLessThan(Math.max(5000, 1250 + 3 * reference));
    }
  });
});
