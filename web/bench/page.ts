/**
 * What both pages of the benchmark share: the same buttons, the same clock, the same events.
 *
 * In: one engine, behind four functions. Out: figures on `window.bench`, which scripts/bench.mjs reads. All times are
 * of performance.now() in the page, counted from its navigation; a click's time is the event's own time stamp.
 */

export interface Job {
  prompt: string;
  maxTokens: number;
}

/** Called for each piece of text as it arrives, with the number of tokens in it. */
export type OnTokens = (count: number, text: string) => void;

export interface BenchEngine {
  /** Starts what can be started without a model; null for an engine that starts with its model. */
  start: (() => Promise<void>) | null;
  /** Opens the model at an address, from the browser's cache where it is there. */
  open(url: string): Promise<void>;
  /** Writes, the likeliest token each time. Returns the number of tokens in the prompt. */
  write(job: Job, onTokens: OnTokens): Promise<number>;
  /** Bytes a second of the digest over the model's file; null for an engine that computes none. */
  digest(url: string): Promise<number | null>;
}

export interface Written {
  clicked: number;
  /** When the writing itself began: after the model was opened, where the click had to open it. */
  began: number;
  first: number;
  last: number;
  promptTokens: number;
  tokens: number;
  /** Tokens that arrived in the same moment as the first one. */
  firstTokens: number;
  text: string;
}

export interface BenchPage {
  started: Promise<number | null>;
  opened: Promise<number>;
  written: Promise<Written>;
  job: Job;
  digest(): Promise<number | null>;
  memory(): Promise<number | null>;
}

declare global {
  interface Window {
    bench: BenchPage;
  }
  interface Performance {
    measureUserAgentSpecificMemory?(): Promise<{ bytes: number }>;
  }
}

const MODEL = "models/SmolLM2-135M-Instruct.Q4_1.gguf";

function button(label: string, onClick: (event: MouseEvent) => void): void {
  const element = document.createElement("button");
  element.textContent = label;
  element.addEventListener("click", onClick);
  document.body.append(element);
}

async function write(
  engine: BenchEngine,
  job: Job,
  clicked: number,
  ready: Promise<unknown>,
): Promise<Written> {
  await ready;
  const result: Written = {
    ...{ clicked, began: performance.now(), first: 0, last: 0 },
    ...{ promptTokens: 0, tokens: 0, firstTokens: 0, text: "" },
  };
  result.promptTokens = await engine.write(job, (count, text) => {
    const now = performance.now();
    if (result.tokens === 0) result.first = now;
    if (now - result.first < 1) result.firstTokens += count;
    result.last = now;
    result.tokens += count;
    result.text += text;
  });
  return result;
}

const query = new URLSearchParams(location.search);

/** How many threads an engine is to use: `threads` in the page's address. */
export const THREADS = Number(query.get("threads") ?? 1);

/** With `open` in its address the page opens the model at once; otherwise the first click on Write does. */
export function runPage(engine: BenchEngine): void {
  const url = new URL(MODEL, document.baseURI).href;
  const started = engine.start ? engine.start().then(() => performance.now()) : Promise.resolve(null);
  const open = (): Promise<number> => started.then(() => engine.open(url)).then(() => performance.now());
  let opened: Promise<number> | null = query.has("open") ? open() : null;
  window.bench = {
    started,
    get opened() {
      return (opened ??= open());
    },
    written: new Promise(() => {}),
    job: { prompt: "", maxTokens: 0 },
    digest: () => engine.digest(url),
    memory: async () => (await performance.measureUserAgentSpecificMemory?.())?.bytes ?? null,
  };
  button("Write", (event) => {
    opened ??= open();
    window.bench.written = write(engine, window.bench.job, event.timeStamp, opened);
  });
}
