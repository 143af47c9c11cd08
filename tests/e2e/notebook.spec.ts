// SPDX-License-Identifier: Apache-2.0
/** README's lines for a notebook, in a cell of a real JupyterLite: the golden story, and the record that wasmtime's has. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { makeLibraryWheel } from "../../scripts/lib/library-wheel.mjs";
import { MODEL, storyInWasmtime } from "../notebook/in-wasmtime";
import { makeNotebookSite } from "../notebook/jupyterlite";
import { serveFolder } from "../notebook/serve";
import { goldenStory, readmeSection } from "../readme";

test.setTimeout(600_000);
test.use({ serviceWorkers: "allow" }); // JupyterLite's own

test("a notebook's cell writes the golden story", async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), "taleproof-notebook-"));
  const wheel = await makeLibraryWheel(join(folder, "wheel"));
  const site = join(folder, "site");
  const { python } = readmeSection("In a notebook");
  const notebook = await makeNotebookSite(site, [wheel, ...MODEL], python);
  const { server, url } = await serveFolder(site);
  try {
    await page.goto(url + notebook);
    const cell = page.locator(".jp-CodeCell").first();
    await cell.locator(".cm-content").click();
    await page.keyboard.press("Shift+Enter");
    const output = cell.locator(".jp-OutputArea-output");
    await expect(output.last()).toContainText(/[0-9a-f]{64}\s*$|Error/, { timeout: 300_000 });
    const written = (await output.allInnerTexts()).join("").trim();
    expect(written).toBe(storyInWasmtime().trim());
    expect(written.length).toBeGreaterThan(200);
    expect(goldenStory()).toContain(written.slice(0, -"\n".length - 64));
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  }
});
