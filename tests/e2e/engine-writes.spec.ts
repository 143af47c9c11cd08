// SPDX-License-Identifier: Apache-2.0
/**
 * What the engine writes in a real browser with the real model: digest, figures, seeds, Stop, texts that are hard to read.
 *
 * One page for all, with the model open: a start takes longer than what is asked here.
 */

import { expect, test, type Page } from "@playwright/test";
import {
  DEMO,
  DEMO_REQUEST,
  lastOf,
  open,
  story,
  textOf,
  tokensOf,
  visit,
  write,
  writtenByCommandLine,
  written,
} from "./engine-page";

const PROMPT = "Once upon a time";
const WARM = { temperature: 0.8, topP: 0.95, seed: "42" };

let page: Page;
let outcome: Awaited<ReturnType<typeof open>>;

test.beforeAll(async ({ browser }) => {
  page = await browser.newPage();
  await visit(page);
  outcome = await open(page, DEMO_REQUEST);
});
test.afterAll(() => page.close());

test("the demo model: digest, verdict, figures, and the same tokens as on the command line", async () => {
  if (outcome.ok?.kind !== "ready") throw new Error(JSON.stringify(outcome));
  const { model, verdict, memory } = outcome.ok;
  expect(verdict.kind).toBe("pinned");
  expect(verdict.actual).toEqual({ sha256: DEMO.sha256, sha3_256: null, size: DEMO.size });
  expect(model).toMatchObject({
    architecture: "llama",
    quantisation: "Q4_1",
    hasChatTemplate: true,
    stored: true,
  });
  expect(model.parameters).toBe(134_515_008);
  // Beside the file and the cache there is scratch memory, and what sampling needs.
  expect(memory.arena).toBeLessThan(DEMO.size + memory.cache + 100e6);

  const events = await written(page, story(PROMPT, 16));
  const expected = writtenByCommandLine(PROMPT, 16);
  expect(tokensOf(events)).toEqual(expected.tokens);
  expect(textOf(events)).toBe(expected.text);
  const last = lastOf(events);
  expect(last.reason).toBe("length");
  expect(last.stats.tokensPerSecond).toBeGreaterThan(0);
  expect(last.stats.timeToFirstToken).toBeGreaterThan(0);
  expect(last.record).toMatchObject({
    model: { sha256: DEMO.sha256 },
    tokens: expected.tokens,
    prompt: PROMPT,
  });
});

test("the same seed gives the same story, stopped and continued or in one go", async () => {
  const first = await written(page, story(PROMPT, 24, WARM));
  const second = await written(page, story(PROMPT, 24, WARM));
  expect(tokensOf(second)).toEqual(tokensOf(first));
  expect(lastOf(second).record).toEqual(lastOf(first).record);

  const begun = await written(page, story(PROMPT, 24, WARM), 6);
  expect(lastOf(begun).reason).toBe("stopped");
  const done = tokensOf(begun).length;
  const rest = await written(page, { kind: "continue", maxTokens: 24 - done });
  expect([...tokensOf(begun), ...tokensOf(rest)]).toEqual(tokensOf(first));
  expect(textOf(begun) + textOf(rest)).toBe(textOf(first));

  const other = await written(page, story(PROMPT, 24, { ...WARM, seed: "43" }));
  expect(tokensOf(other)).not.toEqual(tokensOf(first));
});

test("Stop in a long opening comes one step later at most, and the story goes on as if it had not been", async () => {
  const wish = story(`${PROMPT} there was a fox. `.repeat(60), 4, WARM);
  const steps = await page.evaluate(async (request) => {
    const told: { done: number; stopped: boolean }[] = [];
    const abort = new AbortController();
    for await (const event of window.held.client!.write(request, abort.signal)) {
      if (event.kind === "prefill")
        told.push({ done: event.done / event.total, stopped: abort.signal.aborted });
      if (told.length === 3) abort.abort();
    }
    return told;
  }, wish);
  expect(steps.filter((step) => step.stopped).length).toBeLessThanOrEqual(1);
  expect(steps.at(-1)?.done).toBeLessThan(0.5);
  const rest = await written(page, { kind: "continue", maxTokens: 4 });
  const whole = await written(page, wish);
  expect(tokensOf(rest)).toHaveLength(4);
  expect(lastOf(rest).record).toEqual(lastOf(whole).record);
});

test("a random seed is told, and gives the same story again", async () => {
  const first = await written(page, story(PROMPT, 8, { ...WARM, seed: null }));
  const started = first[0];
  if (started?.kind !== "started") throw new Error("it did not start");
  expect(started.seed).toMatch(/^\d+$/);
  const second = await written(page, story(PROMPT, 8, { ...WARM, seed: started.seed }));
  expect(tokensOf(second)).toEqual(tokensOf(first));
});

test("prompts that are hard to read: lone surrogates, emoji, right to left, none, far too long", async () => {
  for (const prompt of ["\ud83d alone \udc00", "🦊🌲 The fox", "פעם אחת"]) {
    const events = await written(page, story(prompt, 4));
    expect(lastOf(events).stats.tokens).toBe(4);
    expect(JSON.stringify(lastOf(events).record)).not.toMatch(/\\ud[89a-f]/i);
  }
  expect((await write(page, story("", 4))).error?.code).toBe("empty-prompt");
  const long = await write(page, story("word ".repeat(20_000), 4));
  expect(long.error?.code).toBe("prompt-too-long");
  expect(long.error?.message).toContain("8,192");
  expect((await write(page, story(PROMPT, 4, { seed: "-1" }))).error?.code).toBe("invalid-setting");
  expect((await write(page, story(PROMPT, 4, { temperature: -1 }))).error?.code).toBe("invalid-setting");
  await written(page, story(PROMPT, 2)); // still usable
});
