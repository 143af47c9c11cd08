// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import {
  addCounts,
  closingLine,
  countCargo,
  countJUnit,
  countPlaywright,
  countVitest,
  succeeded,
  suiteCounts,
} from "../../../scripts/lib/counts.mjs";

const JUNIT =
  '<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="1.0">';

it("reads pytest's report", () => {
  expect(countJUnit(JUNIT)).toEqual({ passed: 4, failed: 3, skipped: 3 });
});

it("reads vitest's report, and counts a file that cannot be loaded", () => {
  const report = {
    numPassedTests: 5,
    numFailedTests: 1,
    numPendingTests: 1,
    numTodoTests: 1,
    testResults: [
      { status: "failed", assertionResults: [] },
      { status: "failed", assertionResults: [{}] },
    ],
  };
  expect(countVitest(JSON.stringify(report))).toEqual({ passed: 5, failed: 2, skipped: 2 });
});

it("reads Playwright's report, and takes a flaky test for a failed one", () => {
  const stats = { expected: 7, unexpected: 1, flaky: 1, skipped: 2 };
  const report = JSON.stringify({ stats, errors: [] });
  expect(countPlaywright(report)).toEqual({ passed: 7, failed: 2, skipped: 2 });
});

it("takes silence for a failure", () => {
  expect(suiteCounts(countJUnit, null, 0).failed).toBe(1);
  expect(suiteCounts(countJUnit, '<testsuite tests="0" errors="0" failures="0" skipped="0">', 5).failed).toBe(
    1,
  );
  expect(suiteCounts(countVitest, '{"numPassed', 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

it("takes a runner's exit code for a failure, even if no test failed", () => {
  const fine = '<testsuite tests="3" errors="0" failures="0" skipped="0">';
  expect(suiteCounts(countJUnit, fine, 1)).toEqual({ passed: 3, failed: 1, skipped: 0 });
  expect(suiteCounts(countJUnit, fine, 0)).toEqual({ passed: 3, failed: 0, skipped: 0 });
});

it("sums up what cargo prints for each of its programs", () => {
  const result = (words: string) =>
    `\ntest result: ${words}; 0 measured; 0 filtered out; finished in 0.01s\n`;
  const output = [
    "running 2 tests\ntest a ... ok",
    result("ok. 12 passed; 0 failed; 1 ignored"),
    "test the_test_result: ... FAILED",
    result("FAILED. 3 passed; 2 failed; 0 ignored"),
  ].join("\n");
  expect(countCargo(output)).toEqual({ passed: 15, failed: 2, skipped: 1 });
  expect(suiteCounts(countCargo, "error: could not compile", 101)).toMatchObject({ passed: 0, failed: 1 });
});

it("sums up in one line, and lets no more be skipped than may be", () => {
  const total = addCounts([
    { passed: 1, failed: 0, skipped: 2 },
    { passed: 3, failed: 0, skipped: 0 },
  ]);
  expect(closingLine(total)).toBe("4 passed, 0 failed, 2 skipped");
  expect(succeeded(total, Infinity)).toBe(true);
  expect(succeeded(total, 2)).toBe(true);
  expect(succeeded(total, 0)).toBe(false);
});
