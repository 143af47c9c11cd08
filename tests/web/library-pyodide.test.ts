// SPDX-License-Identifier: Apache-2.0
/**
 * README's lines for a notebook, and what else `taleproof.open` does in a browser's Python: in a plain Pyodide under Node.js,
 * with nothing of the page around it.
 */
import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadPyodide, type PyodideInterface } from "pyodide";
import { makeLibraryWheel } from "../../scripts/lib/library-wheel.mjs";
import { ROOT, venvProgram } from "../../scripts/lib/paths.mjs";
import { makePyodideFolder } from "../notebook/pyodide-folder";
import { MODEL, storyInWasmtime } from "../notebook/in-wasmtime";
import { goldenStory, readmeSection } from "../readme";

const { python: lines } = readmeSection("In a notebook");

let folder: string;
let python: PyodideInterface;
let printed: string;
/** Names and bytes that the server has. */
let served: Map<string, Uint8Array>;
let server: Server;
let site: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "taleproof-pyodide-"));
  const pyodide = join(folder, "pyodide");
  makePyodideFolder(pyodide);
  const wheel = await makeLibraryWheel(join(folder, "wheel"));
  const decoder = new TextDecoder();
  python = await loadPyodide({ indexURL: pyodide, packages: ["micropip"] });
  python.setStdout({
    write: (bytes) => ((printed += decoder.decode(bytes, { stream: true })), bytes.length),
  });
  for (const path of [wheel, ...MODEL]) python.FS.writeFile(basename(path), readFileSync(path));
  served = new Map(MODEL.map((path) => [`/${basename(path)}`, new Uint8Array(readFileSync(path))]));
  server = createServer((request, response) => {
    const bytes = served.get(request.url ?? "");
    response.writeHead(bytes ? 200 : 404, { "content-type": "application/octet-stream" }).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 300_000);

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** What a program prints, less what Pyodide says of the packages that it loads. */
async function run(program: string): Promise<string> {
  printed = "";
  await python.runPythonAsync(program);
  return printed.replace(/^Load(ing|ed) .*\n/gm, "");
}

describe("the library in Pyodide", { timeout: 120_000 }, () => {
  it("writes the golden story by README's lines, with the record that wasmtime's has", async () => {
    const out = await run(lines);
    expect(out).toBe(storyInWasmtime());
    expect(goldenStory()).toContain(out.slice(0, -"\n".length - 65));
    expect(out.length).toBeGreaterThan(200);
  });

  it("opens addresses, and knows both digests of each file", async () => {
    const out = await run(
      `opened = await taleproof.open(["${site}/stories260K.bin", "${site}/tok512.bin"], expect=expect)\n` +
        "print(opened.record, [name for name, _ in opened.files], opened.digests == model.digests)\n" +
        "print(opened.digests.sha3_256 is not None, opened.verified, ''.join(event.text for event in opened.generate('One')))",
    );
    const [facts = "", story = ""] = out.split(/\n(?=True)/);
    expect(facts).toBe("None ['stories260K.bin', 'tok512.bin'] True");
    expect(story).toMatch(/^True True .{100}/);
  });

  it("refuses other bytes than the expected ones, and says so", async () => {
    const changed = served.get("/stories260K.bin")!.slice();
    changed[5000]! ^= 1;
    served.set("/changed.bin", changed);
    const out = await run(
      `from taleproof.errors import DigestMismatchError, SourceNotFoundError\n` +
        "for name in ('changed', 'absent'):\n" +
        "    try:\n" +
        `        await taleproof.open([f"${site}/{name}.bin", "${site}/tok512.bin"], expect=expect)\n` +
        "    except (DigestMismatchError, SourceNotFoundError) as error:\n" +
        "        print(error.code)\n" +
        "open('tok512.bin', 'ab').write(b'x')\n" +
        "try:\n" +
        '    await taleproof.open(["stories260K.bin", "tok512.bin"], expect=expect)\n' +
        "except DigestMismatchError as error:\n" +
        "    print(error.code)\n",
    );
    expect(out.split("\n").slice(0, -1)).toEqual(["digest-mismatch", "source-not-found", "digest-mismatch"]);
  });

  it("makes vectors, as wasmtime does", async () => {
    const make =
      "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n" +
      "from fixtures.bert_files import tiny_bert\n" +
      "for name, data in tiny_bert().items():\n" +
      "    path = Path(sys.argv[2]) / name; path.parent.mkdir(exist_ok=True, parents=True); path.write_bytes(data)\n" +
      "import taleproof\n" +
      "print(taleproof.open(sys.argv[2]).embed('the sea').tobytes().hex())";
    const encoder = join(folder, "encoder");
    const expected = execFileSync(venvProgram("python"), ["-c", make, join(ROOT, "tests"), encoder], {
      encoding: "utf8",
    });
    python.FS.mkdir("/encoder");
    python.mountNodeFS("/encoder", encoder);
    const out = await run(
      "encoder = await taleproof.open('/encoder')\nprint(encoder.embed('the sea').tobytes().hex())",
    );
    expect(out).toBe(expected);
  });
});
