// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { DROPPED, Fetcher } from "../../web/engine/network/fetcher";
import { LocalFile } from "../../web/engine/storage/local-file";
import { RateMeter } from "../../web/engine/network/rate";
import { GRACE_MS, STALL_MS } from "../../web/engine/network/stall";
import { StartFiles } from "../../web/engine/python/start-files";

describe("the rate of a download", () => {
  test("counts from the bytes of the first moment, as a resumed download begins with some", () => {
    const meter = new RateMeter();
    meter.add(0, 50_000_000);
    meter.add(1000, 52_000_000);
    expect(meter.rate).toBe(2_000_000);
    expect(meter.secondsLeft(60_000_000)).toBe(4);
  });

  test("forgets what was long ago", () => {
    const meter = new RateMeter();
    for (let second = 0; second <= 10; second++) meter.add(second * 1000, second * 100);
    for (let second = 11; second <= 20; second++) meter.add(second * 1000, 1000 + (second - 10) * 5000);
    expect(meter.rate).toBe(5000);
  });

  test("is nothing, and no time is left to tell, before two moments are known or the total is", () => {
    const meter = new RateMeter();
    expect(meter.rate).toBe(0);
    meter.add(0, 0);
    expect(meter.secondsLeft(100)).toBeNull();
    meter.add(1000, 10);
    expect(meter.secondsLeft(null)).toBeNull();
  });
});

/** Takes bytes as the arena's sink does, and remembers them. */
class Kept {
  readonly bytes: number[] = [];

  constructor(public room = Infinity) {}

  take(chunk: Uint8Array): number {
    const taken = chunk.slice(0, this.room);
    this.bytes.push(...taken);
    this.room -= taken.length;
    return taken.length;
  }

  get text(): string {
    return new TextDecoder().decode(new Uint8Array(this.bytes));
  }
}

describe("the fetcher", () => {
  function answering(body: string | Blob): { requests: [string, RequestInit | undefined][] } {
    const requests: [string, RequestInit | undefined][] = [];
    vi.stubGlobal("fetch", (url: string, init?: RequestInit) => {
      requests.push([url, init]);
      return Promise.resolve(new Response(body, { headers: { ETag: '"1"' } }));
    });
    return { requests };
  }

  test("gives status, headers in lower case, and the body to its end", async () => {
    answering("abc");
    const answer = await new Fetcher().get("https://a/", '{"range":"bytes=1-"}');
    expect(answer?.status).toBe(200);
    expect(JSON.parse(answer?.headers ?? "")).toMatchObject({ etag: '"1"' });
    const sink = new Kept();
    expect(await answer!.into(sink, 0)).toBe(3);
    expect(await answer!.into(sink, 0)).toBe(0);
    expect(sink.text).toBe("abc");
  });

  test("leaves out what was there before, and keeps what there is no room for yet", async () => {
    answering(new Blob(["abc", "defgh"]));
    const answer = (await new Fetcher().get("https://a/", "{}"))!;
    const sink = new Kept(2);
    let count = await answer.into(sink, 4);
    while (count > 0) {
      sink.room = 2;
      count = await answer.into(sink, 0);
    }
    expect([count, sink.text]).toEqual([0, "efgh"]);
  });

  test("counts what there is no room for, and puts none of it", async () => {
    answering("abcdef");
    const answer = (await new Fetcher().get("https://a/", "{}"))!;
    const sink = new Kept(4);
    expect([await answer.into(sink, 0), await answer.into(sink, 0)]).toEqual([4, 2]);
    expect(sink.text).toBe("abcd");
  });

  test("hands a request made ahead to whoever asks for the same", async () => {
    const { requests } = answering("abc");
    const fetcher = new Fetcher();
    fetcher.prefetch("https://a/");
    expect(await fetcher.get("https://a/", "{}")).toBeDefined();
    expect(requests).toHaveLength(1);
    await fetcher.get("https://a/", "{}");
    expect(requests).toHaveLength(2);
  });

  test("does not hand it to a request for a part", async () => {
    const { requests } = answering("abc");
    const fetcher = new Fetcher();
    fetcher.prefetch("https://a/");
    await fetcher.get("https://a/", '{"range":"bytes=5-"}');
    expect(requests.map(([, init]) => init?.headers)).toEqual([{}, { range: "bytes=5-" }]);
    expect(requests[0]?.[1]?.signal?.aborted).toBe(true);
  });

  test("says nothing where no answer comes, and drops where a body breaks off", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
    expect(await new Fetcher().get("https://a/", "{}")).toBeUndefined();
    const broken = new ReadableStream({ start: (controller) => controller.error(new TypeError("reset")) });
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(broken)));
    expect(await (await new Fetcher().get("https://a/", "{}"))!.into(new Kept(), 0)).toBe(DROPPED);
  });
});

describe("a connection that goes quiet", () => {
  /** Answers after `delays[i]` ms, or never, and ends a read when it is aborted, as a browser's does. */
  function slow(...delays: number[]): void {
    vi.stubGlobal("fetch", (_url: string, init?: RequestInit) => {
      const aborted = new Promise<never>((_, reject) =>
        init?.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))),
      );
      const wait = (ms: number): Promise<unknown> =>
        Promise.race([new Promise((resolve) => (ms < Infinity ? setTimeout(resolve, ms) : 0)), aborted]);
      const [first = 0, ...rest] = delays;
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const delay = rest.shift();
          if (delay === undefined) return controller.close();
          await wait(delay);
          controller.enqueue(new Uint8Array(1));
        },
      });
      return wait(first).then(() => new Response(body));
    });
    vi.useFakeTimers();
  }

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test("before it answers is one that gave no answer, and after that one that dropped", async () => {
    slow(Infinity);
    const silent = new Fetcher().get("https://a/", "{}");
    await vi.advanceTimersByTimeAsync(STALL_MS + GRACE_MS);
    expect(await silent).toBeUndefined();

    slow(0, 0, Infinity);
    const answer = new Fetcher().get("https://a/", "{}");
    await vi.advanceTimersByTimeAsync(1);
    expect(await (await answer)!.into(new Kept(), 0)).toBe(1);
    const second = (await answer)!.into(new Kept(), 0);
    await vi.advanceTimersByTimeAsync(STALL_MS + GRACE_MS);
    expect(await second).toBe(DROPPED);
  });

  test("is not one whose answer came while the device slept", async () => {
    slow(STALL_MS + 1);
    const answer = new Fetcher().get("https://a/", "{}");
    await vi.advanceTimersByTimeAsync(STALL_MS); // the timer ran out, and the answer is the next that is taken
    await vi.advanceTimersByTimeAsync(1);
    expect(await answer).toBeDefined();
  });

  test("is not one that is slow, however long the whole takes", async () => {
    slow(...Array.from({ length: 10 }, () => STALL_MS - 1));
    const answer = new Fetcher().get("https://a/", "{}");
    await vi.advanceTimersByTimeAsync(STALL_MS);
    for (let i = 0; i < 9; i++) {
      const read = (await answer)!.into(new Kept(), 0);
      await vi.advanceTimersByTimeAsync(STALL_MS);
      expect(await read).toBe(1);
    }
  });

  test("is abandoned at once where the person stops", async () => {
    slow(Infinity);
    const fetcher = new Fetcher();
    const silent = fetcher.get("https://a/", "{}");
    fetcher.abandon();
    expect(await silent).toBeUndefined();
  });
});

describe("a file that the engine starts from", () => {
  const SITE = "https://example.org/";
  const BYTES = new TextEncoder().encode("a wheel");
  const INTEGRITY = `sha256-${createHash("sha256").update(BYTES).digest("base64")}`;

  afterEach(() => vi.unstubAllGlobals());

  function started(answer: () => Promise<Response>): StartFiles {
    vi.stubGlobal("fetch", answer);
    const files = new StartFiles([`${SITE}pyodide/`]);
    const uninstall = files.install();
    onTestFinished(uninstall);
    return files;
  }

  test.each([
    ["refused", () => Promise.resolve(new Response("no", { status: 503 }))],
    ["unreachable", () => Promise.reject(new TypeError("no network"))],
    ["of other bytes", () => Promise.resolve(new Response("another wheel"))],
  ])("and is %s says so, by its name, instead of hanging", async (_, answer) => {
    const files = started(answer);
    void fetch(`${SITE}pyodide/numpy.whl`, { integrity: INTEGRITY }); // as Pyodide does; it is told nothing
    await expect(files.failed).rejects.toMatchObject({
      code: "engine-start-failed",
      message: expect.stringMatching(/numpy\.whl did not arrive.*Check the connection/) as string,
    });
  });

  test("and is right comes through, and so does what is no file of the engine's", async () => {
    started(() => Promise.resolve(new Response(BYTES)));
    const wheel = await fetch(`${SITE}pyodide/numpy.whl`, { integrity: INTEGRITY });
    expect(new Uint8Array(await wheel.arrayBuffer())).toEqual(BYTES);
    started(() => Promise.resolve(new Response("no", { status: 404 })));
    expect((await fetch(`${SITE}models/none.gguf`)).status).toBe(404);
  });

  test("and cannot be compiled says so too: Pyodide would wait for ever", async () => {
    const files = started(() => Promise.resolve(new Response("not a module")));
    void WebAssembly.instantiateStreaming(fetch(`${SITE}pyodide/pyodide.asm.wasm`));
    await expect(files.failed).rejects.toMatchObject({ code: "engine-start-failed" });
  });
});

describe("an own file", () => {
  test("is read piece by piece", async () => {
    const file = new LocalFile(new File(["abcdef"], "own.gguf"));
    expect([file.name, file.size]).toEqual(["own.gguf", 6]);
    expect(new TextDecoder().decode(await file.read(2, 3))).toBe("cde");
  });

  test("that vanished is undefined", async () => {
    const gone = {
      name: "own.gguf",
      size: 6,
      slice: () => ({ arrayBuffer: () => Promise.reject(new Error("gone")) }),
    };
    expect(await new LocalFile(gone as unknown as File).read(0, 6)).toBeUndefined();
  });
});
