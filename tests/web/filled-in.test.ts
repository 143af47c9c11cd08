// SPDX-License-Identifier: Apache-2.0
/** The seed and the date that a request to write leaves with. */
import { afterEach, expect, test, vi } from "vitest";
import { calendarDate, filledIn } from "../../web/engine/filled-in";
import { STORY } from "./played-client";

afterEach(() => vi.useRealTimers());

test.each([
  ["today's by this device's calendar", {}, "2026-02-03"],
  ["the one that is given", { date: "2025-12-31" }, "2025-12-31"],
  ["the engine's own, for what names none", { date: null }, null],
])("the date that leaves is %s", (_what, given, date) => {
  vi.useFakeTimers({ now: new Date(2026, 1, 3, 23, 59), toFake: ["Date"] });
  expect(filledIn({ ...STORY, ...given })).toMatchObject({ date });
});

test("a day is written in the one form that the engine reads", () => {
  expect(calendarDate(new Date(2026, 1, 3, 23, 59))).toBe("2026-02-03");
  expect(calendarDate(new Date(2026, 11, 31))).toBe("2026-12-31");
});
