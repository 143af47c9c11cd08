// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import {
  checkSettings,
  DEFAULT_SETTINGS,
  formFromSettings,
  isSeed,
  readStoredForm,
  summariseSettings,
  type SettingsField,
  type SettingsForm,
} from "../../web/app/features/settings/settings";

const check = (part: Partial<SettingsForm>) => checkSettings({ ...DEFAULT_SETTINGS, ...part });

describe("settings", () => {
  it("the defaults are right, and mean a random seed", () => {
    const result = check({});
    expect(result.ok && result.settings).toMatchObject({
      mode: "story",
      maxTokens: 300,
      sampler: { seed: null, temperature: 0.8, topP: 0.95, topK: 40, minP: null, repeatPenalty: 1.1 },
    });
  });

  it("what is switched off is null for the engine", () => {
    const result = check({ temperature: "0", topP: "1", topK: "0" });
    expect(result.ok && result.settings.sampler).toMatchObject({ temperature: null, topP: null, topK: null });
  });

  it.each<[SettingsField, string]>([
    ["temperature", ""],
    ["temperature", "-0.1"],
    ["temperature", "5.01"],
    ["temperature", "warm"],
    ["temperature", "1e3"],
    ["temperature", "NaN"],
    ["topP", "0"],
    ["topP", "1.5"],
    ["topK", "2.5"],
    ["topK", "-1"],
    ["repeatPenalty", "0"],
    ["repeatPenalty", "Infinity"],
    ["maxTokens", "0"],
    ["maxTokens", "100001"],
    ["maxTokens", "12x"],
  ])("%s of %j is refused with its range", (field, typed) => {
    const result = check({ [field]: typed });
    if (result.ok) throw new Error("it was taken");
    expect(result.first).toBe(field);
    expect(result.errors[field]).toMatch(/must be a (whole )?number from [\d.]+ to [\d,.]+\./);
  });

  it("a decimal comma and blanks are taken", () => {
    const result = check({ temperature: " 0,7 ", topK: " 5 " });
    expect(result.ok && result.settings.sampler).toMatchObject({ temperature: 0.7, topK: 5 });
  });

  it.each([
    ["0", true],
    ["18446744073709551615", true],
    ["18446744073709551616", false],
    ["-1", false],
    ["1.5", false],
    ["", false],
    ["0x10", false],
    ["١٢", false],
    ["9".repeat(1000), false],
  ])("a seed of %j", (seed, right) => {
    expect(isSeed(seed)).toBe(right);
    expect(check({ seedKind: "fixed", seed }).ok).toBe(right);
  });

  it("a fixed seed keeps every digit", () => {
    const whole = check({ seedKind: "fixed", seed: "18446744073709551615" });
    expect(whole.ok && whole.settings.sampler.seed).toBe("18446744073709551615");
  });

  it("settings make a form that makes the same settings", () => {
    const result = check({ temperature: "0", topK: "0", seedKind: "fixed", seed: "7", mode: "chat" });
    if (!result.ok) throw new Error("refused");
    const again = checkSettings(formFromSettings(result.settings));
    expect(again).toEqual(result);
  });

  it.each([null, "", "{", "[]", "null", "42", '{"temperature": 3, "seedKind": "yes", "seed": null}'])(
    "stored %j gives the defaults",
    (stored) => expect(readStoredForm(stored)).toEqual(DEFAULT_SETTINGS),
  );

  it("stored settings come back", () => {
    const form: SettingsForm = {
      ...DEFAULT_SETTINGS,
      temperature: "1.2",
      seedKind: "fixed",
      seed: "9",
      mode: "chat",
    };
    expect(readStoredForm(JSON.stringify(form))).toEqual(form);
  });

  it("tells in one line how the next story is written", () => {
    expect(summariseSettings(DEFAULT_SETTINGS)).toContain("a new seed each time");
    expect(summariseSettings({ ...DEFAULT_SETTINGS, seedKind: "fixed", seed: "7" })).toContain("seed 7");
  });
});
