// SPDX-License-Identifier: Apache-2.0
/**
 * Compiles the Python modules that the page's engine imports, so that no browser has to do it at each start.
 *
 * Usage: node scripts/compile_python.mjs PYODIDE_FOLDER WHEELS_FOLDER TARGET
 * In: Pyodide with its packages, and the wheels that wheels.json lists. Out: a zip archive of bytecode, to be unpacked into site-packages. Each
 * file carries the hash of its source; Python compares it, and compiles anew where the two do not belong together.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadPyodide } from "pyodide";
import { writeWhole } from "./lib/stamp.mjs";

const [pyodideFolder = "", wheelsFolder = "", target = ""] = process.argv
  .slice(2)
  .map((path) => resolve(path));

const SITE_PACKAGES = "/lib/python3.14/site-packages";

const COLLECT = `
import io, pathlib, py_compile, sys, zipfile
import micropip, regex, taleproof.chat.template, taleproof.apps.worker.api

site = pathlib.Path("${SITE_PACKAGES}")
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
    files = {pathlib.Path(getattr(module, "__file__", None) or "") for module in list(sys.modules.values())}
    ours = set((site / "taleproof").rglob("*.py"))
    for path in sorted({file for file in files if file.is_relative_to(site) and file.suffix == ".py"} | ours):
        made = py_compile.compile(str(path), invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH, doraise=True)
        name = str(pathlib.Path(made).relative_to(site))
        archive.writestr(zipfile.ZipInfo(name), pathlib.Path(made).read_bytes(), zipfile.ZIP_DEFLATED)
packed.getvalue()
`;

const silent = () => undefined;
const options = { indexURL: `${pyodideFolder}/`, packages: ["numpy", "regex", "micropip"], stdout: silent };
const python = await loadPyodide({ ...options, env: { HOME: "/home/pyodide", PYTHONHASHSEED: "0" } });
const { wheels } = JSON.parse(readFileSync(join(wheelsFolder, "wheels.json"), "utf8"));
for (const { file, sha256 } of wheels) {
  const wheel = readFileSync(join(wheelsFolder, file));
  if (createHash("sha256").update(wheel).digest("hex") !== sha256) {
    throw new Error(`${file} is not the wheel that wheels.json lists`);
  }
  python.unpackArchive(new Uint8Array(wheel), "wheel", { extractDir: SITE_PACKAGES });
}
const packed = python.runPython(COLLECT);
writeWhole(target, packed.toJs());
packed.destroy();
