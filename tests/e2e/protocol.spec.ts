// SPDX-License-Identifier: Apache-2.0
/** What Python really sends, in Chromium, against the schemas that are made of its own types: no field more, none less. */

import { expect, test, type Page } from "@playwright/test";
import * as v from "valibot";
import type { EngineError } from "../../web/engine/errors";
import type {
  ErrorData,
  OpenResult,
  PythonResults,
  RegistryAnswer,
  WriteEvent,
  WriteRequest,
} from "../../web/engine/protocol";
import { schemas } from "../protocol.gen";
import { open, TINY, tinyEncoder, visit } from "./engine-page";
import { modelAt } from "../requests";
import { withAcceptance } from "../../web/engine/acceptance";

const REVOKED: RegistryAnswer = {
  status: "revoked",
  expected: { sha256: TINY.sha256, sha3_256: null, size: null },
  model: "tiny",
  version: 1,
  publisher: "0x1",
  chain: "c1",
  application: "a1",
  block: 3,
  as_of: "2026-02-03T04:05:06Z",
  reason: "it lies",
};

type Told = { [K in keyof PythonResults]?: PythonResults[K][] } & { errors: ErrorData[] };

/** What is wrong with a value, as path and sentence; empty where it is as the schema says. */
function faults(schema: v.GenericSchema, value: unknown): string[] {
  const { issues = [] } = v.safeParse(schema, value);
  return issues.map((issue) => `${v.getDotPath(issue) ?? ""}: ${issue.message}`);
}

/** Serves files to page and worker, in the place of the site's models. */
async function serve(page: Page, files: Record<string, Buffer>): Promise<void> {
  await page.context().route("**/models/tiny/*", (route) => {
    const name = new URL(route.request().url()).pathname.split("/").at(-1)!;
    const body = files[name];
    return route.fulfill(body ? { body } : { status: 404 });
  });
}

/** Opens what nobody vouches for: what the engine answers first, and once its digest is accepted. */
async function openTwice(page: Page, url: string, purpose: "write" | "embed"): Promise<OpenResult[]> {
  const request = { ...modelAt(url), purpose };
  const asked = await open(page, request);
  const digest = asked.ok?.verdict.actual?.sha256 ?? "";
  const ready = await open(page, withAcceptance(request, "model", digest));
  expect([asked.ok?.kind, ready.ok?.kind]).toEqual(["needs-acceptance", "ready"]);
  return [asked.ok!, ready.ok!];
}

/** What is answered about a model that writes: a text, stopped and continued; newer answers of the registry; errors. */
function toldOfWriter(page: Page): Promise<Told> {
  return page.evaluate(async (revoked) => {
    const client = window.held.client!;
    const sampler = { topP: 0.9, topK: 40, minP: 0.1, repeatPenalty: 1.1, repeatLastN: 64 };
    const request: Extract<WriteRequest, { kind: "new" }> = {
      kind: "new",
      prompt: "Once",
      mode: "chat",
      sampler: { ...sampler, seed: null, temperature: 2 },
      limits: { maxTokens: 8, stop: ["never"] },
    };
    const whole: WriteEvent[] = [];
    for await (const event of client.write(request)) whole.push(event);
    const last = whole.at(-1);
    if (last?.kind !== "finished") throw new Error("it did not end");
    const [promptTokens, tokens] = [last.record.prompt_tokens, last.record.tokens] as [number[], number[]];
    const all = { promptTokens, tokens, begin: 0, end: tokens.length, count: 3 };
    const alternatives = [
      await client.alternatives(all),
      await client.alternatives({ ...all, begin: 5, end: 6 }),
    ];
    const stopped: WriteEvent[] = [];
    const abort = new AbortController();
    const errors: ErrorData[] = [];
    const fails = (work: Promise<unknown>): Promise<unknown> =>
      work.catch((thrown: EngineError) => errors.push(thrown.toData()));
    for await (const event of client.write({ kind: "continue", maxTokens: 200 }, abort.signal)) {
      stopped.push(event);
      if (event.kind !== "token") continue;
      if (!abort.signal.aborted) await fails(client.alternatives(all));
      abort.abort();
    }
    await fails(client.alternatives({ ...all, end: 9 }));
    await fails(client.write({ ...request, sampler: { ...request.sampler, topP: 7 } }).next());
    await fails(client.embed("no encoder is open"));
    const judge = [
      await client.judge({ model: null, tokenizer: null }),
      await client.judge({ model: revoked, tokenizer: null }),
    ];
    return { info: [await client.ready()], next: [whole], stop: [stopped], alternatives, judge, errors };
  }, REVOKED);
}

test("results and errors are as Python's types say", async ({ page }) => {
  await serve(page, { "tiny.gguf": TINY.file, ...tinyEncoder() });
  await visit(page);
  const results: PythonResults["open"][] = await openTwice(page, "models/tiny/tiny.gguf", "write");
  const { errors, info, ...told } = await toldOfWriter(page);
  const refused = await open(page, modelAt("models/tiny/tiny.gguf", { sha256: "0".repeat(64) }));
  results.push(...(await openTwice(page, "models/tiny/", "embed")));
  const vector = await page.evaluate(() => window.held.client!.embed("a boat"));

  const { entries } = schemas.PythonResults;
  const all: Omit<Told, "errors"> = { ...told, open: results, embed: [vector] };
  for (const [method, answers] of Object.entries(all)) {
    for (const answer of answers) {
      expect(faults(entries[method as keyof PythonResults], answer), method).toEqual([]);
    }
  }
  expect(faults(v.object(schemas.EngineFacts.entries), info![0])).toEqual([]); // the worker adds what it knows itself
  expect(errors.map(({ code }) => code)).toEqual([
    "still-writing",
    "invalid-setting",
    "invalid-setting",
    "no-model",
  ]);
  for (const error of errors) expect(faults(schemas.ErrorData, error)).toEqual([]);
  expect(faults(schemas.Verdict, refused.error?.verdict)).toEqual([]);

  const chosen = told.next![0]!.flatMap((event) =>
    event.kind === "token" ? [[event.id, event.logprob]] : [],
  );
  const [every, sixth] = told.alternatives!;
  expect(every!.map(({ chosen: { id, logprob } }) => [id, logprob])).toEqual(chosen);
  expect(sixth).toEqual(every!.slice(5, 6));
  for (const { likeliest } of every!) {
    expect(likeliest).toHaveLength(3);
    expect(likeliest.map(({ logprob }) => logprob)).toEqual(
      likeliest.map(({ logprob }) => logprob).sort((a, b) => b - a),
    );
  }

  const kinds = new Set([...told.next!, ...told.stop!].flat().map(({ kind }) => kind));
  expect(kinds).toEqual(new Set(["started", "prefill", "token", "stats", "finished"]));
  expect(told.judge!.map(({ kind }) => kind)).toEqual(["unverified", "revoked"]);
  expect(results.map(({ kind }) => kind)).toEqual(["needs-acceptance", "ready", "needs-acceptance", "ready"]);
});
