/** Puts a run's table between two marks in README.md. In: what a run resulted in. Refused: a README without the marks. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../paths.mjs";
import { Problem } from "../problem.mjs";
import { writeWhole } from "../stamp.mjs";
import { captionOf, formatMarkdown } from "./table.mjs";

const [BEGIN, END] = ["<!-- bench:begin -->", "<!-- bench:end -->"];

export function writeReadme(result) {
  const path = join(ROOT, "README.md");
  const text = readFileSync(path, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) {
    throw new Problem("bench-readme", `README.md has no ${BEGIN} and ${END} for the table to stand between.`);
  }
  const table = `${BEGIN}\n\n${formatMarkdown(result)}\n\n${captionOf(result)}\n\n`;
  writeWhole(path, text.slice(0, begin) + table + text.slice(end));
}
