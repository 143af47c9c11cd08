import { describe, expect, test, vi } from "vitest";
import { Fetcher } from "../../web/engine/fetcher";
import { LocalFile } from "../../web/engine/local-file";
import { RateMeter } from "../../web/engine/rate";

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

describe("the fetcher", () => {
  function answering(body: string): { requests: [string, RequestInit | undefined][] } {
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
    expect(new TextDecoder().decode((await answer!.read()).chunk)).toBe("abc");
    expect(await answer!.read()).toEqual({ chunk: undefined, dropped: false });
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
    expect(await (await new Fetcher().get("https://a/", "{}"))!.read()).toEqual({
      chunk: undefined,
      dropped: true,
    });
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
