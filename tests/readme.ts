// SPDX-License-Identifier: Apache-2.0
/** What README.md tells people to type, by section, so that tests do just that. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../scripts/lib/paths.mjs";

export interface Section {
  /** The lines for a terminal. */
  shell: string[];
  /** The one program in Python. */
  python: string;
}

export function readmeSection(title: string): Section {
  const text = readFileSync(join(ROOT, "README.md"), "utf8");
  const section = text.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  const programs = [...(section ?? "").matchAll(/^```python\n(.*?)^```$/gms)].map(([, code = ""]) => code);
  const [python] = programs;
  if (section === undefined || python === undefined || programs.length !== 1) {
    throw new Error(`README.md has no section "${title}" with one program in Python`);
  }
  const shell = [...section.matchAll(/^ {4}(\S.*)$/gm)].map(([, line = ""]) => line);
  return { shell: shell.filter((line) => !python.includes(line)), python };
}

/** What llama2.c's run.c writes with the model of both sections after "Once upon a time". */
export function goldenStory(): string {
  const path = join(ROOT, "tests", "fixtures", "stories260K_greedy.json");
  const { cases } = JSON.parse(readFileSync(path, "utf8")) as { cases: { prompt: string; text: string }[] };
  const prompt = "Once upon a time";
  const [golden] = cases.filter((one) => one.prompt === prompt);
  return golden!.text.slice(prompt.length);
}
