// SPDX-License-Identifier: Apache-2.0
/**
 * A played engine for tests of the page alone: it speaks web/engine/protocol.ts in place of the built worker.
 *
 * In: requests. Out: replies with fixed words, as fast as they are asked for. `PLAY`, put before this text by
 * played.ts, says what happens: which verdict a model gets, how a story ends, where something fails.
 */
/* global PLAY */

const MODEL = {
  name: "SmolLM2 135M Instruct",
  format: "GGUF v3",
  architecture: "llama",
  parameters: 134515008,
  contextLength: 8192,
  sessionLength: 2048,
  vocabulary: 49152,
  quantisation: "Q4_1",
  hasChatTemplate: true,
  bytes: 98362432,
  digests: {
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    sha3_256: null,
    size: 98362432,
  },
  tokenizer: null,
  stored: true,
};
const MEMORY = { arena: 142_000_000, python: 61_000_000, model: 98_362_432, cache: 38_000_000 };
const OTHER = "c179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db54";
const INFO = {
  kernels: "relaxed",
  kernelsReason: null,
  threads: 2,
  threadsAsked: 0,
  threadsReason: null,
  numericsVersion: 1,
  version: "0.1.0",
  python: "3.14.0",
  pyodide: "314.0.4",
  timings: {},
  memory: MEMORY,
};

let story = null;

function digest(request) {
  return request.pinned ? MODEL.digests : { ...MODEL.digests, sha256: PLAY.ownDigest ?? OTHER };
}

function verdict(kind, request) {
  const actual = kind === "refused" ? { ...MODEL.digests, sha256: OTHER } : digest(request);
  return { kind, expected: request.pinned, actual, sentence: `Played: ${kind}.`, registry: null };
}

function open(id, { sources: [request] }) {
  const total = request.pinned ? MODEL.bytes : 1_056_540;
  const progress = {
    phase: "download",
    file: MODEL.name,
    bytes: total * 0.42,
    total,
    rate: 11_200_000,
    secondsLeft: 5.1,
  };
  postMessage({ id, kind: "progress", progress });
  if (PLAY.open === "hang") return;
  if (PLAY.open === "refuse") {
    const refused = verdict("refused", request);
    const message = `${MODEL.name} is not the file it should be. It was dropped; try again, or choose another model.`;
    fail(id, { code: "digest-mismatch", message, details: {}, verdict: refused });
  } else if (!request.pinned && !request.accept) {
    reply(id, {
      kind: "needs-acceptance",
      role: "model",
      name: "my-own-model.gguf",
      files: [],
      verdict: verdict("unverified", request),
    });
  } else {
    const kind = request.pinned ? "pinned" : "unverified";
    reply(id, { kind: "ready", model: MODEL, verdict: verdict(kind, request), memory: MEMORY });
  }
}

function stats() {
  const tokens = story.written;
  return {
    promptTokens: 18,
    tokens,
    prefillSeconds: 0.2,
    timeToFirstToken: tokens > 0 ? 0.31 : null,
    tokensPerSecond: tokens > 1 ? 47.3 : null,
    memory: MEMORY,
  };
}

function finish(reason) {
  story.ended = true;
  const canContinue = reason !== "stop";
  return { kind: "finished", reason, text: "", canContinue, stats: stats(), record: { seed: story.seed } };
}

function start(id, request) {
  if (PLAY.write === "fail") {
    fail(id, { code: "context-overflow", message: PLAY.message, details: {}, verdict: null });
    return;
  }
  if (request.kind === "new") story = { seed: request.sampler.seed, written: 0, left: 0, ended: false };
  story.left = request.kind === "new" ? request.limits.maxTokens : request.maxTokens;
  story.ended = false;
  const began = { kind: "started", seed: story.seed, promptTokens: 18, sessionLength: MODEL.sessionLength };
  reply(id, [began, { kind: "prefill", done: 9, total: 18 }]);
}

function next(id) {
  if (PLAY.write === "hang" && story.written >= (PLAY.after ?? 0)) return; // Stop is told by another request
  if (PLAY.write === "crash") {
    postMessage({
      kind: "crash",
      error: { code: "engine-crashed", message: PLAY.message, details: {}, verdict: null },
    });
    return;
  }
  const words = PLAY.words;
  const batch = [];
  for (let i = 0; i < 4 && !story.ended; i += 1) {
    if (story.written >= words.length) batch.push(finish("stop"));
    else if (story.left === 0) batch.push(finish("length"));
    else {
      batch.push({ kind: "token", id: story.written, text: words[story.written], logprob: -1 });
      story.written += 1;
      story.left -= 1;
    }
  }
  if (!story.ended) batch.push({ kind: "stats", stats: stats() });
  reply(id, batch);
}

function reply(id, result) {
  postMessage({ id, kind: "result", result });
}

function fail(id, error) {
  postMessage({ id, kind: "error", error });
}

/** Holds the lock by which the page knows that the worker lives, as the real one does, and tells once it has it. */
function holdLock(name) {
  return new Promise((resolve) => {
    void navigator.locks.request(name, () => {
      resolve();
      return new Promise(() => undefined);
    });
  });
}

addEventListener("message", ({ data }) => {
  if (data.kind === "init") void holdLock(data.args.lock).then(() => answer(data));
  else answer(data);
});

function answer({ id, kind, args }) {
  if (kind === "init" && PLAY.start === "hang")
    postMessage({ id, kind: "progress", progress: { step: "python", fraction: 0.4 } });
  else if (kind === "init") reply(id, INFO);
  else if (kind === "open") open(id, args);
  else if (kind === "start") start(id, args);
  else if (kind === "next") next(id);
  else if (kind === "stop") reply(id, story.ended ? [] : [finish("stopped")]);
  else if (kind === "cancel")
    fail(id, { code: "cancelled", message: "Stopped before it was done.", details: {}, verdict: null });
  else if (kind === "storage") {
    const { kept = [], halves = [] } = PLAY;
    reply(id, { available: true, models: kept, halves, used: 0, free: null });
  }
}
