// SPDX-License-Identifier: Apache-2.0
/**
 * The built page with a played engine, for states that a real one reaches only by chance.
 *
 * In: what shall happen. Out: a page on which it happens. The built worker's script is replaced on its way to the
 * browser; nothing of this is part of the site.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";

export interface Play {
  start?: "hang";
  open?: "hang" | "refuse";
  write?: "hang" | "fail" | "crash";
  /** With `write: "hang"`: after how many tokens. */
  after?: number;
  message?: string;
  ownDigest?: string;
  kept?: { sha256: string; name: string; bytes: number }[];
  halves?: { sha256: string; bytes: number }[];
  words?: string[];
}

const SCRIPT = readFileSync(fileURLToPath(new URL("played-worker.js", import.meta.url)), "utf8");

export const TALE =
  " Nobody in the village had a key, and the door had been nailed shut the winter that the keeper drowned. " +
  "So they came down to the shore with their lanterns, one family after another, and stood in the wet sand and looked up." +
  "\n\n“It is only the moon,” said the baker, who did not like to be out of bed. But the moon was behind them." +
  "\n\nThen the light began to turn. It went over the water slowly, like a hand that feels for something in the dark, and where " +
  "it passed, the sea lay flat as a table. Ida, who was nine and could count further than her brother, counted the seconds " +
  "between one pass and the next. She counted eleven, each time, and each time a little more of the old pier stood out of the water.";

export function pieces(text: string): string[] {
  return text.match(/\s*\S+|\s+$/gu) ?? [];
}

export async function playEngine(page: Page, play: Play = {}): Promise<void> {
  const body = `const PLAY = ${JSON.stringify({ words: pieces(TALE), ...play })};\n${SCRIPT}`;
  const headers = {
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
  };
  await page.route(/\/worker-[\w-]+\.js$/, (route) =>
    route.fulfill({ body, headers, contentType: "text/javascript" }),
  );
}
