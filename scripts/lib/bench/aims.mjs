/**
 * The figures that this engine is to reach, each with its bound and whether it is met.
 *
 * In: the result of a run. Out: one entry for each aim of which the run has the figures. All but the last of a kind are
 * ratios within the run, so that they mean the same on any machine.
 */

const SPARE_BYTES = 150e6;

/** @returns {{aim: string, wanted: string, value: number, met: boolean}[]} */
export function aimsOf(result) {
  const aims = [];
  const judge = (aim, wanted, value, met) => {
    if (Number.isFinite(value)) aims.push({ aim, wanted, value, met });
  };
  const least = (aim, value, bound) => judge(aim, `at least ${bound}`, value, value >= bound);
  const most = (aim, value, bound) => judge(aim, `at most ${bound}`, value, value <= bound);

  const rowOf = (engine, threads) =>
    result.rows.find((row) => row.engine === engine && row.threads === threads) ?? {};
  for (const threads of result.threads) {
    const label = threads === 1 ? "1 thread" : `${threads} threads`;
    const [ours, wllama, native] = ["taleproof", "wllama", "llama.cpp"].map((name) => rowOf(name, threads));
    const ratio = (key, other) => ours[key] / other[key];
    least(`decode, ${label}, to wllama's`, ratio("decodeTokensPerSecond", wllama), 4);
    least(`decode, ${label}, to native llama.cpp's`, ratio("decodeTokensPerSecond", native), 1);
    if (threads > 1) least(`prefill, ${label}, to wllama's`, ratio("prefillTokensPerSecond", wllama), 12);
    least(`prefill, ${label}, to own decode`, ours.prefillTokensPerSecond / ours.decodeTokensPerSecond, 3);
    most(`page to first token, ${label}, s`, ours.pageToFirstTokenMs / 1000, 2.5);
    most(`page to first token, ${label}, to wllama's`, ratio("pageToFirstTokenMs", wllama), 1.3);
  }
  for (const { threads, shortTokensPerSecond, longTokensPerSecond } of result.context) {
    const label = threads === 1 ? "1 thread" : `${threads} threads`;
    least(
      `decode at 1,000 tokens, ${label}, to decode at 10`,
      longTokensPerSecond / shortTokensPerSecond,
      0.8,
    );
  }
  least("stories260K, 1 thread, tokens/s", result.small.stories260K.tokensPerSecond, 1500);
  least("float weights of 61 MB, 1 thread, to reading them once", result.small.float15M.shareOfReading, 0.6);
  const { modelBytes, cacheBytes, blankPageBytes, peakBytes, browserCountedBytes } = result.memory;
  const beside = (bytes) => (bytes - modelBytes - cacheBytes) / 1e6;
  most(
    "memory beside model and cache, as the browser counts, MB",
    beside(browserCountedBytes),
    SPARE_BYTES / 1e6,
  );
  most("peak of the page's process beside them, MB", beside(peakBytes), SPARE_BYTES / 1e6);
  most("the same, less an empty page's process, MB", beside(peakBytes - blankPageBytes), SPARE_BYTES / 1e6);
  return aims;
}
