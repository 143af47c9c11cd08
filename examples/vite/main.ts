// SPDX-License-Identifier: Apache-2.0
import { EngineError, Taleproof, type Model } from "taleproof";

const story = document.querySelector<HTMLParagraphElement>("#story")!;
const opening = document.querySelector<HTMLInputElement>("#opening")!;
const button = document.querySelector<HTMLButtonElement>("button")!;

async function open(): Promise<Model> {
  const tale = await Taleproof.start({ assets: `${import.meta.env.BASE_URL}taleproof/` });
  const model = await tale.open(
    {
      url: "models/stories260K.bin",
      expect: "sha256:b0a507e7ad0f626624f17112325e66691f9076d622e1d3274d103d00299f2696",
      tokenizer: {
        url: "models/tok512.bin",
        expect: "sha256:037cb335abb25d1fa9e8ecae30ed2a3a8ace9302862ebcdc05d51a6bbb10c312",
      },
    },
    { onProgress: ({ file, bytes }) => (story.textContent = `${file}: ${bytes} bytes`) },
  );
  story.textContent = `Ready, with ${tale.info.threads} threads.`;
  return model;
}

async function write(model: Model): Promise<void> {
  story.textContent = opening.value;
  const settings = { temperature: 0, repeatPenalty: 1, maxTokens: 100 };
  for await (const event of model.generate(opening.value, settings)) {
    if ("text" in event) story.textContent += event.text;
  }
}

try {
  const model = await open();
  button.onclick = () => void write(model);
  button.disabled = false;
} catch (error) {
  story.textContent = error instanceof EngineError ? error.message : String(error);
}
