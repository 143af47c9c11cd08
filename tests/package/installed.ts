// SPDX-License-Identifier: Apache-2.0
/** The packed tarball, installed into copies of the examples in a temporary folder, with models beside them. */

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { buildPackage, TARBALL } from "../../scripts/lib/npm-package.mjs";
import { ROOT } from "../../scripts/lib/paths.mjs";

const MODULES = join(ROOT, "node_modules");
/** A registry is never asked: what is installed has no dependencies. */
const ENVIRONMENT = {
  ...process.env,
  npm_config_offline: "true",
  npm_config_audit: "false",
  npm_config_fund: "false",
  PATH: `${join(MODULES, ".bin")}${delimiter}${process.env.PATH}`,
};

export class Installed {
  private constructor(readonly folder: string) {}

  /** A copy of an example, with the package in it. The repository's own Vite and TypeScript stand in for its. */
  static async example(name: "plain" | "vite"): Promise<Installed> {
    await buildPackage();
    const folder = mkdtempSync(join(tmpdir(), `taleproof-${name}-`));
    cpSync(join(ROOT, "examples", name), folder, { recursive: true });
    const path = join(folder, "package.json");
    const { devDependencies, ...manifest } = JSON.parse(readFileSync(path, "utf8")) as Record<string, object>;
    writeFileSync(path, JSON.stringify(manifest));
    const installed = new Installed(folder);
    installed.run("npm", "install", TARBALL);
    for (const tool of Object.keys(devDependencies ?? {})) {
      symlinkSync(join(MODULES, tool), join(folder, "node_modules", tool));
    }
    return installed;
  }

  /** A folder that has nothing yet. */
  static empty(): Installed {
    const installed = new Installed(mkdtempSync(join(tmpdir(), "taleproof-project-")));
    installed.write("package.json", "{}");
    return installed;
  }

  run(program: string, ...args: string[]): string {
    return execFileSync(program, args, {
      cwd: this.folder,
      env: ENVIRONMENT,
      encoding: "utf8",
      stdio: "pipe",
    });
  }

  /** Puts a file of the repository into the folder. */
  place(from: string, to: string): void {
    const target = join(this.folder, to);
    mkdirSync(join(target, ".."), { recursive: true });
    cpSync(join(ROOT, from), target);
  }

  read(path: string): Buffer {
    return readFileSync(join(this.folder, path));
  }

  write(path: string, content: string | Buffer): void {
    writeFileSync(join(this.folder, path), content);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
