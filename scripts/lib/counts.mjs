// SPDX-License-Identifier: Apache-2.0
/**
 * How many tests passed, failed and were skipped, read from the reports of the test runners.
 *
 * In: the text of a report. Out: Counts. A runner that failed without a failing test in its report, or that ran
 * nothing at all, counts as one failure: silence is no success.
 */

/**
 * @typedef {{passed: number, failed: number, skipped: number}} Counts
 * @typedef {(report: string) => Counts} Reader
 */

const NOTHING = { passed: 0, failed: 0, skipped: 0 };

/** JUnit's XML, as pytest writes it. @param {string} xml @returns {Counts} */
export function countJUnit(xml) {
  const suite = /<testsuite\b[^>]*>/.exec(xml)?.[0] ?? "";
  /** @param {string} name */
  const number = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = number("failures") + number("errors");
  const skipped = number("skipped");
  return { passed: number("tests") - failed - skipped, failed, skipped };
}

/** Vitest's JSON. @param {string} json @returns {Counts} */
export function countVitest(json) {
  /**
   * @type {{testResults: {status: string, assertionResults: unknown[]}[], numPassedTests: number, numFailedTests: number,
   *   numPendingTests: number, numTodoTests: number}}
   */
  const report = JSON.parse(json);
  // A file that cannot even be loaded has no tests in it, and still has failed.
  const broken = report.testResults.filter(
    (f) => f.status === "failed" && f.assertionResults.length === 0,
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Playwright's JSON. A flaky test is a failed one: it may fail for a reader too. @param {string} json @returns {Counts} */
export function countPlaywright(json) {
  const { stats, errors } = JSON.parse(json);
  const failed = stats.unexpected + stats.flaky;
  return { passed: stats.expected, failed: failed || Number(errors.length > 0), skipped: stats.skipped };
}

/** What cargo prints: a line of results for each program of tests. @param {string} output @returns {Counts} */
export function countCargo(output) {
  const results = output.matchAll(/^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm);
  return addCounts(
    [...results].map(([, passed, failed, ignored]) => ({
      passed: Number(passed),
      failed: Number(failed),
      skipped: Number(ignored),
    })),
  );
}

/**
 * The counts of one suite.
 * @param {Reader} read
 * @param {string | null} report null if there is none
 * @param {number} exitCode the runner's
 * @returns {Counts}
 */
export function suiteCounts(read, report, exitCode) {
  let counts = NOTHING;
  try {
    if (report !== null) counts = read(report);
  } catch {
    counts = NOTHING; // a report cut off in the middle: the exit code below tells the rest
  }
  const silent = counts.passed + counts.failed + counts.skipped === 0;
  const failed = silent || exitCode !== 0 ? Math.max(1, counts.failed) : counts.failed;
  return { ...counts, failed };
}

/** @param {Counts[]} all @returns {Counts} */
export function addCounts(all) {
  return all.reduce(
    (sum, one) => ({
      passed: sum.passed + one.passed,
      failed: sum.failed + one.failed,
      skipped: sum.skipped + one.skipped,
    }),
    NOTHING,
  );
}

/** @param {Counts} counts */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** @param {Counts} total @param {number} mayBeSkipped how many tests at most */
export function succeeded(total, mayBeSkipped) {
  return total.passed > 0 && total.failed === 0 && total.skipped <= mayBeSkipped;
}
