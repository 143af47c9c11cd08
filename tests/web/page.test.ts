// SPDX-License-Identifier: Apache-2.0
/** What index.html promises, and what no component may do. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readPlace, storyLink } from "../../web/app/lib/route.svelte";

const ROOT = new URL("../../", import.meta.url);
const html = readFileSync(new URL("index.html", ROOT), "utf8");

describe("index.html", () => {
  it("allows the one script in it by its digest, and no other", () => {
    const inline = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => match[1] ?? "");
    const digests = inline.map((script) => createHash("sha256").update(script).digest("base64"));
    expect(digests).toHaveLength(1);
    expect(html).toContain(`script-src 'self' 'sha256-${digests[0]}';`);
    expect(html).not.toContain("unsafe-eval");
  });

  it("names no other host", () => {
    expect(html.replace("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:\/\//);
  });
});

describe("the components", () => {
  const folder = new URL("web/app/", ROOT);
  const sources = readdirSync(folder, { encoding: "utf8", recursive: true }).filter((name) =>
    /\.(svelte|ts)$/.test(name),
  );

  it.each(sources)("%s never makes markup of text", (name) => {
    const source = readFileSync(new URL(name, folder), "utf8");
    expect(source).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|@html|document\.write/);
  });
});

describe("addresses", () => {
  it.each([
    ["", { page: "desk" }],
    ["#", { page: "desk" }],
    ["#shelf", { page: "shelf" }],
    ["#publish", { page: "publish" }],
    ["#publish/x", { page: "desk" }],
    ["#tokens", { page: "tokens" }],
    [storyLink("0b-9f"), { page: "story", id: "0b-9f" }],
    ["#story/", { page: "desk" }],
    ["#story/<script>", { page: "desk" }],
  ])("%j", (hash, place) => expect(readPlace(hash)).toEqual(place));
});
