// SPDX-License-Identifier: Apache-2.0
/** The rules about which rooms of web/ know which: a forbidden import is found, and one that is allowed is not. */
import { Linter } from "eslint";
import ts from "typescript-eslint";
import { describe, expect, it } from "vitest";
import { rooms } from "../../../scripts/lib/rooms.mjs";

const linter = new Linter();
const parser = { languageOptions: { parser: ts.parser }, plugins: { "@typescript-eslint": ts.plugin } };

function found(file: string, line: string): number {
  const config: Linter.Config[] = [{ files: ["**/*.ts"], ...parser }, ...rooms];
  return linter.verify(line, config, { filename: file }).length;
}

describe("an import that is forbidden", () => {
  it.each([
    ["web/engine/client.ts", 'import { format } from "../app/lib/format";'],
    ["web/engine/client.ts", 'import type { Network } from "../chain/network";'],
    ["web/engine/rpc/requests.ts", 'export { read } from "../../shared/json";'],
    ["web/engine/rpc/requests.ts", 'import { tick } from "svelte";'],
    ["web/engine/worker/host.ts", 'void import("../../chain/wallet/client");'],
    ["web/shared/json.ts", 'import { chainError } from "../chain/errors";'],
    ["web/chain/wallet/port.ts", 'import { words } from "../../app/lib/words";'],
    ["web/chain/network.ts", 'import { tick } from "svelte";'],
    ["web/bench/page.ts", 'import { Chain } from "../chain/network";'],
    ["web/app/lib/story.ts", 'import type { Desk } from "../features/write/desk.svelte";'],
    ["web/app/lib/story.ts", 'import { useApp } from "../context";'],
    ["web/app/components/verdict/words.ts", 'import { Models } from "../../features/model/models.svelte";'],
    ["web/app/components/words.ts", 'import { createApp } from "../app";'],
    ["web/app/features/write/desk.svelte.ts", 'import { Models } from "../model/models.svelte";'],
    ["web/app/features/write/desk.svelte.ts", 'import { Models } from "../../features/model/models.svelte";'],
    ["web/app/features/write/desk.svelte.ts", 'import Page from "../../pages/DeskPage.svelte";'],
    ["web/app/features/write/desk.svelte.ts", 'void import("../model/models.svelte");'],
    ["web/app/pages/words.ts", 'import { createApp } from "../app";'],
  ])("%s: %s", (file, line) => expect(found(file, line)).toBe(1));
});

describe("an import that is allowed", () => {
  it.each([
    ["web/engine/rpc/requests.ts", 'import { EngineError } from "../errors";'],
    ["web/engine/client.ts", 'import { Requests } from "./rpc/requests";'],
    ["web/shared/json.ts", 'import type { Json } from "../engine/protocol";'],
    ["web/chain/registry/listed.ts", 'import { read } from "../../shared/json";'],
    ["web/chain/wallet/client.ts", 'void import("@linera/client");'],
    ["web/app/lib/words.ts", 'import type { ChainStep } from "../../chain/wallet/protocol";'],
    ["web/app/components/words.ts", 'import { useApp } from "../context";'],
    ["web/app/features/write/desk.svelte.ts", 'import type { Models } from "../model/models.svelte";'],
    ["web/app/features/write/desk.svelte.ts", 'import { Autosave } from "./autosave";'],
    ["web/app/features/write/desk.svelte.ts", 'import { EngineError } from "../../../engine/errors";'],
    ["web/app/pages/words.ts", 'import { withWords } from "../features/search/nearness";'],
    ["web/app/main.ts", 'import { createApp } from "./app";'],
  ])("%s: %s", (file, line) => expect(found(file, line)).toBe(0));
});
