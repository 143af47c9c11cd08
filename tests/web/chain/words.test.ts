// SPDX-License-Identifier: Apache-2.0
/** The command lines that check a tick, as a shell would read them, and the time of a last answer. */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { chainCommands, PORT, verifyCommand } from "../../../web/app/components/verdict/check-commands";
import { formatMoment } from "../../../web/app/lib/format";
import { NETWORK } from "./played";

/** The arguments of each command of one program, by a real shell that only prints them. */
function argumentsOf(program: string, script: string): string[][] {
  const silent = ["cd", "linera", "curl"]
    .filter((name) => name !== program)
    .map((name) => `${name}() { :; };`);
  const spy = `${silent.join(" ")} ${program}() { printf '%s\\n' "$@" --; };`;
  const out = execFileSync("sh", ["-c", `${spy}\n${script.replaceAll(" &", "")}`], { encoding: "utf8" });
  return out
    .trimEnd()
    .split(/\n--(?:\n|$)/)
    .slice(0, -1)
    .map((command) => command.split("\n"));
}

describe("chainCommands", () => {
  it.each(["tiny", 'it\'s; $(touch /tmp/x) `y` "z"'])(
    "asks about %s, whatever stands in the name",
    (name) => {
      const commands = chainCommands(NETWORK, { model: name, version: 2, block: 12 });
      const { faucet, homeChain, application } = NETWORK;
      expect(argumentsOf("linera", commands)).toEqual([
        ["wallet", "init", "--faucet", faucet],
        ["wallet", "follow-chain", homeChain, "--sync"],
        ["wallet", "set-default", homeChain],
        ["chain", "show-block", "12"],
        ["service", "--port", String(PORT)],
      ]);
      const [curl] = argumentsOf("curl", commands);
      const asked = JSON.parse(curl![curl!.indexOf("-d") + 1]!) as { query: string; variables: unknown };
      expect(asked.variables).toEqual({ name, number: 2 });
      expect(asked.query).toContain("sha256");
      expect(curl!.at(-1)).toContain(`/chains/${homeChain}/applications/${application}`);
    },
  );
});

it("verifies with the saved answer", () => expect(verifyCommand()).toContain("--registry answer.json"));

describe("formatMoment", () => {
  it("tells day and time", () =>
    expect(formatMoment("2026-11-01T09:30:00Z", "UTC")).toBe("1 November 2026 at 09:30"));
  it("leaves what is no time as it is", () => expect(formatMoment("yesterday")).toBe("yesterday"));
});
