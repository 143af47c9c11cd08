// SPDX-License-Identifier: Apache-2.0
/**
 * candle's WebAssembly, built from crates.io by the Rust toolchain that is there.
 *
 * In: scripts/bench-candle. Out: the module's path, in the cache folder under the digest of what it was built from; or
 * null where there is none, because of which nothing else is to stay undone. The build takes some minutes, once.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheFolder, ROOT } from "../paths.mjs";
import { errorMessage } from "../problem.mjs";
import { runQuietly } from "../run.mjs";
import { inputKey } from "../stamp.mjs";

const CRATE = join(ROOT, "scripts", "bench-candle");
const MANIFEST = join(CRATE, "Cargo.toml");
const SOURCES = [MANIFEST, join(CRATE, "Cargo.lock"), join(CRATE, "src")];
const TARGET = "wasm32-unknown-unknown";
const FLAGS = ["-C target-feature=+simd128", '--cfg getrandom_backend="custom"'];

export const NO_CANDLE =
  "not measured: install Rust with the target wasm32-unknown-unknown (rustup target add wasm32-unknown-unknown), " +
  "and it is built from crates.io, in some minutes";

/** @param {(line: string) => void} say @returns {Promise<string | null>} */
export async function candleModule(say) {
  const folder = join(cacheFolder(), "candle");
  const path = join(folder, `${inputKey(ROOT, SOURCES)}.wasm`);
  if (existsSync(path)) return path;
  const toolchain = findToolchain();
  if (!toolchain) return null;
  say("candle: building it, which takes some minutes, this once");
  const target = join(folder, "target");
  const options = ["build", "--release", "--locked", "--target", TARGET, "--target-dir", target];
  const args = [...options, ...toolchain.options, "--manifest-path", MANIFEST];
  // Whoever measures on this machine at the same time is not to notice.
  const polite = process.platform !== "win32";
  const env = { RUSTC: toolchain.rustc, RUSTFLAGS: FLAGS.join(" "), ...toolchain.environment };
  try {
    if (polite)
      await runQuietly("candle", "nice", ["-n", "15", toolchain.cargo, ...args], { log: "candle", env });
    else await runQuietly("candle", toolchain.cargo, args, { log: "candle", env });
  } catch (problem) {
    say(errorMessage(problem));
    return null;
  }
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(target, TARGET, "release", "bench_candle.wasm"), `${path}.part`);
  renameSync(`${path}.part`, path);
  return path;
}

/** A toolchain that has the target; or one that has the standard library's source, and a linker, to build it. */
function findToolchain() {
  const pairs = onPath("rustc").map((rustc) => ({ rustc, cargo: rustc.replace(/rustc$/, "cargo") }));
  for (const pair of pairs) {
    const library = ask(pair.rustc, ["--print", "target-libdir", "--target", TARGET]);
    if (library && existsSync(library)) return { ...pair, options: [], environment: {} };
  }
  const linker = ["", "-22", "-21", "-20", "-19"].flatMap((version) => onPath(`wasm-ld${version}`))[0];
  for (const pair of linker ? pairs : []) {
    const root = ask(pair.rustc, ["--print", "sysroot"]);
    if (!root || !existsSync(join(root, "lib", "rustlib", "src", "rust", "library"))) continue;
    const environment = { RUSTC_BOOTSTRAP: "1", CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker };
    return { ...pair, options: ["-Zbuild-std=std,panic_abort"], environment };
  }
  return null;
}

/** @param {string} name @returns {string[]} each program of that name on the search path */
function onPath(name) {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .filter((path) => existsSync(path));
}

/** @param {string} program @param {string[]} args @returns {string | null} what it prints; null where it fails */
function ask(program, args) {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return null;
  }
}
