// SPDX-License-Identifier: Apache-2.0
/**
 * A story as a file to take away.
 *
 * In: a story of the shelf. Out: Markdown for reading, and JSON with everything needed to write it again. What the model
 * wrote is escaped in Markdown, so that it stays text wherever the file is shown.
 */

import { formatDate } from "./format";
import { readingText, shownTakes, type Story, type Take } from "./story";

/** Names the layout of the JSON; a change of meaning gets a new number. */
const STORY_FORMAT = "taleproof-story";
const STORY_FORMAT_VERSION = 2;

/**
 * Control characters as Unicode's pictures of them, or as U+FFFD where there is none: a terminal that shows the file would
 * take them for orders (terminal.py does the same).
 */
function visible(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, (control) => {
    const code = control.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\ufffd";
  });
}

function escapeMarkdown(text: string): string {
  return visible(text)
    .replace(/[\\`*_{}[\]<>#|~$&!]/g, "\\$&")
    .replace(
      /^(\s*)([-+=]|\d+[.)])/gm,
      (_, space: string, mark: string) => `${space}${mark.slice(0, -1)}\\${mark.slice(-1)}`,
    );
}

function prose(text: string): string {
  const paragraphs = text.split(/[\r\n]+/).map((line) => line.trim());
  return paragraphs.filter(Boolean).map(escapeMarkdown).join("\n\n");
}

function aboutTake({ begun, model, settings, engine, tokens }: Take): string[] {
  const { sampler } = settings;
  const digest = `SHA-256 \`${model.sha256}\``;
  return [
    `Written on ${formatDate(begun)} by ${escapeMarkdown(model.name)} (${model.quantisation}, ${digest}, ${model.verdict}).`,
    `Seed ${sampler.seed ?? "unknown"}, temperature ${sampler.temperature ?? 0}, top-p ${sampler.topP ?? 1}, ` +
      `top-k ${sampler.topK ?? 0}, repeat penalty ${sampler.repeatPenalty} over ${sampler.repeatLastN} tokens, ` +
      `${tokens} of at most ${settings.maxTokens} tokens, mode ${settings.mode}.`,
    ...(engine ? [`Engine ${engine.version}, numerics ${engine.numericsVersion}.`] : []),
  ];
}

export function toMarkdown(story: Story): string {
  const { request } = story;
  const parts = [
    `# ${escapeMarkdown(story.title)}`,
    ...(request === null ? [] : [`> ${prose(request).replace(/\n/g, "\n> ")}`]),
    prose(readingText(story)),
    "---",
    ...shownTakes(story).flatMap(aboutTake),
  ];
  return parts.join("\n\n") + "\n";
}

export function toJson(story: Story): string {
  const { id: _, created, changed, ...rest } = story;
  const times = { created: new Date(created).toISOString(), changed: new Date(changed).toISOString() };
  return (
    JSON.stringify({ format: STORY_FORMAT, version: STORY_FORMAT_VERSION, ...times, ...rest }, null, 2) + "\n"
  );
}

/** A name that every file system takes, made of the title's letters and digits. */
export function fileName(title: string, extension: string): string {
  const words =
    title
      .normalize("NFC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  const stem = [...words.join("-")].slice(0, 60).join("");
  return `${stem === "" ? "story" : stem}.${extension}`;
}

/** Hands a text to the browser as a download. */
export function download(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser reads it after the click returns
}
