/** The command lines that check a tick, as a shell would read them, and the time of a last answer. */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { chainCommands, verifyCommand } from "../../../web/ui/check-commands";
import { formatMoment } from "../../../web/ui/format";
import { NETWORK } from "./played";

/** The arguments of each command, by a real shell that only prints them. */
function argumentsOf(script: string): string[][] {
  const spy = "linera() { printf '%s\\n' linera \"$@\" --; }; curl() { printf '%s\\n' curl \"$@\" --; };";
  const out = execFileSync("sh", ["-c", `${spy}\n${script.replaceAll(" &", "")}`], { encoding: "utf8" });
  return out.split("\n--\n").map((command) => command.split("\n"));
}

describe("chainCommands", () => {
  it.each(["tiny", 'it\'s; $(touch /tmp/x) `y` "z"'])(
    "asks about %s, whatever stands in the name",
    (name) => {
      const commands = argumentsOf(chainCommands(NETWORK, name));
      expect(commands[0]).toEqual(["linera", "wallet", "init", "--faucet", NETWORK.faucet]);
      expect(commands[1]).toEqual(["linera", "wallet", "follow-chain", NETWORK.homeChain, "--sync"]);
      const curl = commands[3]!;
      const asked = JSON.parse(curl[curl.indexOf("-d") + 1]!) as { query: string; variables: unknown };
      expect(asked.variables).toEqual({ name });
      expect(asked.query).toContain("sha256");
      expect(curl.at(-1)).toContain(`/chains/${NETWORK.homeChain}/applications/${NETWORK.application}`);
    },
  );
});

it("verifies with the saved answer", () => expect(verifyCommand()).toContain("--registry answer.json"));

describe("formatMoment", () => {
  it("tells day and time", () =>
    expect(formatMoment("2026-11-01T09:30:00Z", "UTC")).toBe("1 November 2026 at 09:30"));
  it("leaves what is no time as it is", () => expect(formatMoment("yesterday")).toBe("yesterday"));
});
