// SPDX-License-Identifier: Apache-2.0
/** What the engines are given to do: a model, and texts to go on with. */
import { Problem } from "../problem.mjs";

export const MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf";

/**
 * The models of a run, by the names that --models takes. `listed` is the name in bench-models/models.json; the product's own
 * has none. Q4_0 and Q8_0 are what llama.cpp has its best kernels for; Q4_1 has none for WebAssembly.
 * @type {Record<string, {title: string, listed: string | null}>}
 */
export const MODELS = {
  q4_1: { title: "SmolLM2-135M Q4_1", listed: null },
  q4_0: { title: "SmolLM2-135M Q4_0", listed: "SmolLM2-135M Q4_0" },
  q8_0: { title: "SmolLM2-135M Q8_0", listed: "SmolLM2-135M Q8_0" },
  gemma: { title: "Gemma 3 270M Q4_K_M", listed: "Gemma 3 270M" },
};

/** @param {string} name */
export function modelOf(name) {
  const model = MODELS[name];
  if (!model)
    throw new Problem("bad-option", `There is no model "${name}": ${Object.keys(MODELS).join(", ")}.`);
  return model;
}

/** Positions of a text; the same in web/bench/page.ts. */
export const CONTEXT = 1024;

/** Each round starts with other words, so that nobody can answer from a cache of the last round. */
const OPENINGS = [
  "Long ago,",
  "One winter,",
  "In those days,",
  "Every spring,",
  "That evening,",
  "Far away,",
  "At noon,",
];

const PASSAGE =
  "there was a lighthouse on the last rock before the open sea, and in it lived a keeper who had not spoken to anyone " +
  "for seven years. Each night she climbed the two hundred and twelve steps, trimmed the wick, and wrote one line in a " +
  "book that nobody had ever asked to read. She wrote about the ships that passed and the ones that did not, about the " +
  "colour of the water before a storm, and about a sound which came from below the rock when the tide was at its " +
  "lowest: three slow knocks, a pause, and then a fourth. She had counted them so often that she no longer heard them, " +
  "as one no longer hears a clock. But on the evening when the boat came, the knocks came too early, and there were " +
  "five. The keeper put down her pen. She took the lamp from its hook, opened the iron door at the foot of the stairs, " +
  "and for the first time in seven years she said something aloud. The boy in the boat looked up at her, as pale as the " +
  "moon behind him, and held out a small tin box with both of his hands. It was locked, and it was warm, and whatever " +
  "was inside of it was knocking, so loudly that she all but let the";

/** Some 256 tokens. @param {number} round */
export function openingOf(round) {
  return `${OPENINGS[round % OPENINGS.length]} ${PASSAGE}`;
}

/** Ten tokens or so. */
export const SHORT_PROMPT = "Once upon a time there was a keeper of a";

/** Nearly a thousand tokens: four openings, the last of them cut short. @param {number} round */
export function longPrompt(round) {
  const whole = [0, 1, 2].map((i) => openingOf(round + i)).join(" ");
  return `${whole} ${openingOf(round + 3)
    .split(" ")
    .slice(0, 190)
    .join(" ")}`;
}
