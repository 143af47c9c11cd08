// SPDX-License-Identifier: Apache-2.0
/** Numbers as people read them: bytes, rates, durations, digests, counts. In: plain numbers. Out: short texts. */

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** Decimal units, as browsers and shops use them: 98362432 is "98.4 MB". */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return "an unknown size";
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  if (unit === 0) return `${value} ${value === 1 ? "byte" : "bytes"}`;
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(Math.round(bytesPerSecond))} a second`;
}

/** Time that is left, on purpose no more precise than a guess can be. */
export function formatTimeLeft(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return "";
  if (seconds < 1.5) return "about a second left";
  if (seconds < 90) return `about ${Math.round(seconds)} seconds left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `about ${minutes} minutes left`;
  return `about ${Math.round(minutes / 60)} hours left`;
}

/** A measured time: "320 ms", "1.4 s", "2 min 5 s". */
export function formatDuration(seconds: number): string {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

export function formatPerSecond(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

/** A digest in groups of eight digits, so that two can be compared by eye. */
export function groupDigest(digest: string): string[] {
  return digest.match(/.{1,8}/g) ?? [];
}

/** Words as a reader counts them; scripts without spaces are counted by the browser's own segmenter. */
export function countWords(text: string): number {
  if (text.trim() === "") return 0;
  if (!/[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]/u.test(text)) return text.trim().split(/\s+/u).length;
  let words = 0;
  for (const part of new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)) {
    if (part.isWordLike === true) words += 1;
  }
  return words;
}

export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

export function formatDate(time: number, zone?: string): string {
  const options: Intl.DateTimeFormatOptions = { day: "numeric", month: "long", year: "numeric" };
  return new Intl.DateTimeFormat("en-GB", { ...options, ...(zone ? { timeZone: zone } : {}) }).format(time);
}

/** A time in ISO 8601, to the minute; as it is where it is none. */
export function formatMoment(iso: string, zone?: string): string {
  const time = Date.parse(iso);
  if (Number.isNaN(time)) return iso;
  const options: Intl.DateTimeFormatOptions = { dateStyle: "long", timeStyle: "short" };
  return new Intl.DateTimeFormat("en-GB", { ...options, ...(zone ? { timeZone: zone } : {}) }).format(time);
}

/** "134.5 million parameters". */
export function formatParameters(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} billion parameters`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} million parameters`;
  return `${Math.round(count / 1e3)} thousand parameters`;
}
