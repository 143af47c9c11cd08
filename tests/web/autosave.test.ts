// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Autosave } from "../../web/app/features/write/autosave";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("saves at once, then once in a while, and the last change in any case", () => {
  const save = vi.fn();
  const autosave = new Autosave(save, 1000);
  autosave.changed();
  expect(save).toHaveBeenCalledTimes(1);
  for (let i = 0; i < 50; i += 1) autosave.changed();
  vi.advanceTimersByTime(999);
  expect(save).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect(save).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(10_000);
  expect(save).toHaveBeenCalledTimes(2);
  autosave.changed();
  expect(save).toHaveBeenCalledTimes(3);
});

it("does not save after the end", () => {
  const save = vi.fn();
  const autosave = new Autosave(save, 1000);
  autosave.changed();
  autosave.changed();
  autosave.finish();
  vi.advanceTimersByTime(10_000);
  expect(save).toHaveBeenCalledTimes(1);
});
