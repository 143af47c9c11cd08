// SPDX-License-Identifier: Apache-2.0
/**
 * The test suites: how each is run, and where its report lies. Roughly in order of how quickly they tell that something is wrong.
 *
 * Out: the counts of each; with what a suite lacks on this machine, whose tests are then skipped. Only the chain's
 * suites and arm64's may lack something: what they need is large, and the page is whole without it.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { countApplicationTests, testApplication } from "./chain/application.mjs";
import { ARM64_TESTS, requireQemu } from "./arm64.mjs";
import { findTester } from "./chain/compiler.mjs";
import { lineraVersion, requireLinera } from "./chain/linera.mjs";
import { freePort } from "./chain/ports.mjs";
import { runChecks } from "./checks.mjs";
import { countCargo, countJUnit, countPlaywright, countVitest, suiteCounts } from "./counts.mjs";
import { ROOT, venvProgram } from "./paths.mjs";
import { Problem } from "./problem.mjs";
import { runShown } from "./run.mjs";
import { buildSite } from "./site.mjs";

/** Each has a model in its memory, and its threads. */
const PROCESSES = 4;
const REPORTS = join(ROOT, "build", "reports");

/**
 * lacks: what the machine lacks, and how to install it. excused: even in CI, tests may be skipped for the want of it.
 * seconds: how long it took.
 * @typedef {{name: string, counts: import("./counts.mjs").Counts, seconds: number, lacks?: string | null,
 *   excused?: boolean}} Result
 * @typedef {import("./counts.mjs").Reader} Reader
 */

/** @returns {Promise<Result[]>} */
export async function runSuites() {
  mkdirSync(REPORTS, { recursive: true });
  const results = [];
  // A warm cargo waits for its tests, and uses one core.
  results.push(...(await Promise.all([checks(), application()])));
  results.push(await pytest("python", "tests/py"));
  results.push(await pytest("kernels", "tests/kernels"));
  results.push(await vitest("web", "vitest.config.ts"));
  results.push(await browser());
  // After the suite above, which builds the site that these need.
  results.push(await timed());
  // Each of these has one browser at a time, with little beside it.
  const browsers = vitest("other browsers", "tests/browsers/vitest.config.ts");
  results.push(...(await Promise.all([browsers, npmPackage()])));
  // The chain's tests wait for its network half of the time: that is enough for emulated processors, which come last.
  results.push(...(await Promise.all([arm64(), chain()])));
  return results;
}

/** Formatting, lint and types: each check counts as a test. */
async function checks() {
  console.log("\n== checks");
  const began = performance.now();
  const { passed, failed } = await runChecks();
  if (failed.length > 0) console.log(`Not yet right: ${failed.join(", ")}.`);
  const counts = { passed: passed.length, failed: failed.length, skipped: 0 };
  return { name: "checks", counts, seconds: secondsSince(began) };
}

/** @param {string} name @param {string} folder */
function pytest(name, folder) {
  const report = join(REPORTS, `${name}.xml`);
  const processes = `--numprocesses=${Math.min(availableParallelism(), PROCESSES)}`;
  const args = ["-m", "pytest", "-q", folder, processes, "--dist=worksteal", `--junitxml=${report}`];
  return suite(name, countJUnit, report, () => runShown(venvProgram("python"), args));
}

/** @param {string} name @param {string} config @param {string[]} program what runs it */
function vitest(name, config, [program = "", ...first] = ["npx"]) {
  const report = join(REPORTS, `${name}.json`);
  const args = ["vitest", "run", "--config", config, "--reporter=default", "--reporter=json"];
  return suite(name, countVitest, report, () =>
    runShown(program, [...first, ...args, `--outputFile.json=${report}`]),
  );
}

/** The browser tests need the built site; a site that cannot be built is their failure. */
function browser() {
  return suite("browser", countPlaywright, join(REPORTS, "browser.json"), async (report) => {
    try {
      await buildSite();
    } catch (error) {
      console.error(error instanceof Problem ? error.message : error);
      return 1;
    }
    return playwright(report, ["--project=chromium"]);
  });
}

/** Those of the browser tests that measure a time: one after the other. */
function timed() {
  return suite("timed", countPlaywright, join(REPORTS, "timed.json"), (report) =>
    playwright(report, ["--project=timed"]),
  );
}

/** @param {string} report @param {string[]} args */
async function playwright(report, args) {
  const env = { TALEPROOF_TEST_PORT: String(await freePort()), PLAYWRIGHT_JSON_OUTPUT_NAME: report };
  return runShown("npx", ["playwright", "test", "--reporter=list,json", ...args], env);
}

/** The npm package, installed into the examples; its tests build it. */
function npmPackage() {
  return suite("package", countPlaywright, join(REPORTS, "package.json"), (report) =>
    playwright(report, ["--config", "tests/package/playwright.config.ts"]),
  );
}

/** The golden runs on another processor, under emulation. */
async function arm64() {
  const lacks = whatIsLacking(requireQemu);
  if (leftOut(lacks)) return skipped("arm64", lacks, ARM64_TESTS);
  return vitest("arm64", "tests/arm64/vitest.config.ts", ["nice", "-n", "19", "npx"]);
}

/** Whether a suite is left out for want of something: in CI it is run all the same, and fails. @param {string | null} lacks */
function leftOut(lacks) {
  return lacks !== null && process.env.CI !== "true";
}

/** @param {string} name @param {string | null} lacks @param {number} count @returns {Result} */
function skipped(name, lacks, count) {
  console.log(`\n== ${name}\n${lacks}`);
  return { name, lacks, counts: { passed: 0, failed: 0, skipped: count }, seconds: 0 };
}

/** The application's own tests, in Rust. */
async function application() {
  const name = "application";
  const lacks = whatIsLacking(findTester);
  if (leftOut(lacks)) return skipped(name, lacks, countApplicationTests());
  const report = join(REPORTS, `${name}.txt`);
  return suite(name, countCargo, report, async () => {
    try {
      return await testApplication((line) => {
        console.log(line);
        appendFileSync(report, `${line}\n`);
      });
    } catch (error) {
      console.error(error instanceof Problem ? error.message : error);
      return 1;
    }
  });
}

/** The application on a real network, and the page with it. Building `linera` takes half an hour: not every CI has it. */
async function chain() {
  const result = await vitest("chain", "tests/chain/vitest.config.ts");
  return { ...result, lacks: whatIsLacking(requireLinera), excused: lineraVersion() === null };
}

/** What the sentence of its Problem says, if it has one. @param {() => unknown} require */
function whatIsLacking(require) {
  try {
    require();
    return null;
  } catch (error) {
    if (error instanceof Problem) return error.message;
    throw error;
  }
}

/**
 * @param {string} name
 * @param {Reader} read
 * @param {string} report a file
 * @param {(report: string) => Promise<number>} run gives the runner's exit code
 */
async function suite(name, read, report, run) {
  console.log(`\n== ${name}`);
  rmSync(report, { force: true });
  const began = performance.now();
  const code = await run(report);
  const text = existsSync(report) ? readFileSync(report, "utf8") : null;
  return { name, counts: suiteCounts(read, text, code), seconds: secondsSince(began) };
}

/** @param {number} began */
function secondsSince(began) {
  return Math.round((performance.now() - began) / 1000);
}
