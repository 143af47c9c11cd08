// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { findChromium } from "../../../scripts/lib/chromium.mjs";
import { nodeComplaint } from "../../../scripts/lib/node-version.mjs";
import { commonProblem, errorText } from "../../../scripts/lib/problem.mjs";
import { progressLine } from "../../../scripts/lib/progress.mjs";
import { findPython } from "../../../scripts/lib/python.mjs";

describe("Node.js", () => {
  it.each(["20.19.0", "20.20.2", "22.12.0", "24.1.0", "26.0.0"])("%s will do", (version) => {
    expect(nodeComplaint(version)).toBeNull();
  });
  it.each(["12.22.9", "18.20.4", "20.18.1", "21.7.0", "22.11.0"])(
    "%s is refused with a remedy",
    (version) => {
      expect(nodeComplaint(version)).toContain(`this is Node.js ${version}`);
      expect(nodeComplaint(version)).toContain("Install a current version");
    },
  );
});

describe("Python", () => {
  const machine = (versions: Record<string, number[]>) => (program: string) => versions[program] ?? null;

  it("of the plain name comes first", () => {
    expect(findPython({}, machine({ python3: [3, 12], "python3.14": [3, 14] }))).toBe("python3");
  });
  it("that is too old is passed over for a newer one", () => {
    expect(findPython({}, machine({ python3: [3, 9], "python3.13": [3, 13] }))).toBe("python3.13");
  });
  it("that is too old everywhere is named with its version", () => {
    const find = () => findPython({}, machine({ python3: [3, 9], python: [2, 7] }));
    expect(find).toThrow(/python3 is 3\.9, python is 2\.7\. Install Python 3\.11/);
  });
  it("that is missing is told with the remedy", () => {
    expect(() => findPython({}, machine({}))).toThrow(/none was found\. Install Python 3\.11/);
  });
  it("that the person named is the only one asked", () => {
    const versions = machine({ python3: [3, 12], "/opt/py": [3, 8] });
    expect(() => findPython({ TALEPROOF_PYTHON: "/opt/py" }, versions)).toThrow("/opt/py is 3.8");
  });
});

describe("what a program prints when", () => {
  it.each([
    ["npm error code ENOTFOUND", "no-network"],
    ["npm error code EAI_AGAIN", "no-network"],
    ["WARNING: Retrying ... NewConnectionError: Failed to establish a new connection", "no-network"],
    ["ERROR: Could not find a version that satisfies pip==26.3 (from versions: none)", "no-network"],
    ["npm error nospc ENOSPC: no space left on device, write", "disk-full"],
    ["ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk-full"],
  ])("%s", (text, code) => {
    expect(commonProblem("The Python tools", text)).toMatchObject({ code });
  });
  it("it fails for another reason is left to speak for itself", () => {
    expect(commonProblem("The kernels", "matmul.c:3: error: expected ';'")).toBeNull();
  });
  it("fetch fails stands in the error's cause", () => {
    const error = new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND example") });
    expect(commonProblem("numpy", errorText(error))?.message).toContain("numpy could not be downloaded");
  });
});

it("a machine without Chromium hears how to get it", () => {
  expect(() => findChromium({ PATH: "/nowhere" })).toThrow(/apt-get install chromium/);
  expect(findChromium({ PATH: "", TALEPROOF_CHROMIUM: "/opt/chrome" })).toBe("/opt/chrome");
});

it("a progress line has bytes, rate and time left", () => {
  const line = progressLine("model.gguf", 25e6, 100e6, 5);
  expect(line).toContain("[######..................]  25 %  25.0 MB of 100.0 MB, 5.0 MB/s, 15 s left");
  expect(progressLine("model.gguf", 25e6, 0, 5)).toBe("  model.gguf: 25.0 MB, 5.0 MB/s");
});
