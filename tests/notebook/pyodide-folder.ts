// SPDX-License-Identifier: Apache-2.0
/**
 * Pyodide as any site could serve it: the runtime, the packages that set-up brings, and further wheels beside them.
 *
 * In: a folder to fill, and paths of wheels in plain Python. Out: the folder, with a lock file that lists what is there and
 * nothing else, so that whatever else is asked for fails at once instead of being sought on the network.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { PUBLIC } from "../../scripts/lib/paths.mjs";
import { placeFile } from "../../scripts/lib/place.mjs";
import { JINJA, MARKUPSAFE } from "../../scripts/lib/steps/wheels.mjs";

interface Package {
  name: string;
  version: string;
  file_name: string;
  sha256: string;
  install_dir: string;
  package_type: string;
  imports: string[];
  depends: string[];
}

interface Lock {
  info: object;
  packages: Record<string, Package>;
}

const OURS = join(PUBLIC, "pyodide");
const LOCK = "pyodide-lock.json";

/** Chat templates need them; Pyodide's own set has both, and the page's wheels are the same versions. */
export const TEMPLATE_WHEELS = [JINJA, MARKUPSAFE].map(({ name }) => join(PUBLIC, "wheels", name));

/** A package's name as lock files have it. */
const normalised = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "-");

export function makePyodideFolder(folder: string, wheels: string[] = TEMPLATE_WHEELS): void {
  mkdirSync(folder, { recursive: true });
  const { info, packages } = JSON.parse(readFileSync(join(OURS, LOCK), "utf8")) as Lock;
  for (const name of readdirSync(OURS)) if (name !== LOCK) placeFile(join(OURS, name), join(folder, name));
  const served = Object.entries(packages).filter(([, { file_name }]) =>
    readdirSync(OURS).includes(file_name),
  );
  const all = Object.fromEntries(served);
  for (const wheel of wheels) {
    const file = basename(wheel);
    placeFile(wheel, join(folder, file));
    const [project = "", version = ""] = file.split("-");
    const name = normalised(project);
    all[name] = {
      ...{ name, install_dir: "site", package_type: "package", imports: [project], depends: [] },
      ...packages[name],
      ...{ version, file_name: file },
      sha256: createHash("sha256").update(readFileSync(wheel)).digest("hex"),
    };
  }
  for (const one of Object.values(all)) one.depends = one.depends.filter((name) => name in all);
  writeFileSync(join(folder, LOCK), JSON.stringify({ info, packages: all }));
}
