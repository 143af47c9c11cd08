// SPDX-License-Identifier: Apache-2.0
/** Every line of README's section for JavaScript, run as it stands there. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { ROOT } from "../../scripts/lib/paths.mjs";
import { Installed } from "./installed";
import { ISOLATED, serve } from "./serve";
import { writtenByCommandLine } from "./stories";

const MODEL = "public/models/SmolLM2-135M-Instruct.Q4_1.gguf";
/** What holds where a program sets no more than seed and length. */
const SETTINGS =
  "--temperature 0.8 --top-p 0.95 --top-k 40 --repeat-penalty 1.1 --seed 7 --max-tokens 40".split(" ");

function section(): { commands: string[][]; script: string } {
  const [, text] = readFileSync("README.md", "utf8").split("\n## From JavaScript\n");
  const own = text!.split("\n## ")[0]!;
  const indented = own.split("\n").filter((line) => line.startsWith("    "));
  const scripts = [...own.matchAll(/```js\n([^]*?)```/g)].map(([, script]) => script);
  expect(scripts).toHaveLength(1);
  return {
    commands: indented.map((line) => line.split(" # ")[0]!.trim().split(" ")),
    script: scripts[0]!,
  };
}

test("the commands make, install and copy the package; the script writes what the command line writes", async ({
  page,
}) => {
  const { commands, script } = section();
  const [make, install, copy, ...more] = commands.map(([program, ...args]) => ({ program: program!, args }));
  expect(more).toEqual([]);
  execFileSync(make!.program, make!.args, { cwd: ROOT });
  const project = Installed.empty();
  try {
    project.run(install!.program, ...install!.args.map((arg) => arg.replace("../taleproof", ROOT)));
    project.run(copy!.program, ...copy!.args);
    project.place(MODEL, "public/models/SmolLM2-135M-Instruct.Q4_1.gguf");
    project.run("cp", "-r", "node_modules/taleproof/index.js", "public/taleproof.js");
    const imports = JSON.stringify({ imports: { taleproof: "/taleproof.js" } });
    const ended = 'document.title = "ended";';
    project.write(
      "public/index.html",
      `<!doctype html><script type="importmap">${imports}</script><script type="module">${script}${ended}</script>`,
    );
    const { server, url } = await serve(join(project.folder, "public"), ISOLATED);
    const logged: Promise<unknown>[] = [];
    page.on("console", (message) => {
      if (message.type() === "log") logged.push(message.args()[0]!.jsonValue());
    });
    page.on("pageerror", (error) => logged.push(Promise.resolve(error.message)));
    await page.goto(url);
    await expect(page).toHaveTitle("ended", { timeout: 120_000 });
    const told = await Promise.all(logged);
    await server.close();
    const story = writtenByCommandLine(MODEL, "Once upon a time", ...SETTINGS);
    const answer = writtenByCommandLine(MODEL, "Tell me a story.", "--chat", ...SETTINGS);
    expect(story.length).toBeGreaterThan(50);
    expect(told.filter((entry) => typeof entry === "string").join("")).toBe(story + answer);
    expect(told.filter((entry) => typeof entry !== "string")).toMatchObject([
      { prompt: "Once upon a time", text: story },
    ]);
  } finally {
    project.remove();
  }
});
