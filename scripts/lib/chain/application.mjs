// SPDX-License-Identifier: Apache-2.0
/**
 * The application's bytecode: compiled once for each content of chain/, and kept in the cache.
 *
 * Out: the paths of contract.wasm and service.wasm in build/chain/. With a compiled copy in the cache no compiler is
 * needed. Refused: sources that don't compile, as a Problem with what the compiler said.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, ROOT } from "../paths.mjs";
import { withLock } from "../lock.mjs";
import { placeFile } from "../place.mjs";
import { Problem } from "../problem.mjs";
import { runQuietly, runTold } from "../run.mjs";
import { filesBelow, inputKey } from "../stamp.mjs";
import { findCompiler, findTester, TARGET } from "./compiler.mjs";

const CHAIN = join(ROOT, "chain");
const BUILT = join(ROOT, "build", "chain");
const NAMES = ["contract", "service"];
const PACKAGE = "taleproof-chain-";
const MANIFEST = ["--manifest-path", join(CHAIN, "Cargo.toml")];

/**
 * @param {(text: string) => void} say told what takes long
 * @returns {Promise<{contract: string, service: string}>}
 */
export async function buildApplication(say = () => {}) {
  const cache = join(cacheFolder(), "chain");
  const key = applicationKey();
  const kept = join(cache, key);
  // A compiled copy needs no waiting for another's build.
  if (!isWhole(kept)) {
    await withLock(
      join(cache, "build.lock"),
      async () => {
        if (!isWhole(kept)) await compile(join(cache, "target"), kept, say);
      },
      () => say("Another build of the application is running; this one waits for it."),
    );
    if (applicationKey() !== key) {
      rmSync(kept, { recursive: true });
      throw new Problem("sources-changed", "chain/ changed while it was compiled. Run the command again.");
    }
  }
  for (const name of NAMES) placeFile(wasm(kept, name), wasm(BUILT, name));
  return { contract: wasm(BUILT, "contract"), service: wasm(BUILT, "service") };
}

/** A digest of all that the bytecode is made from. */
function applicationKey() {
  const sources = filesBelow(join(CHAIN, "src")).filter((path) => !path.includes("_tests"));
  return inputKey(ROOT, [join(CHAIN, "Cargo.toml"), join(CHAIN, "Cargo.lock"), ...sources]);
}

/** @param {string} target @param {string} kept @param {(text: string) => void} say */
async function compile(target, kept, say) {
  const { name, program, args, env } = findCompiler();
  say(`Compiling the application with ${name} (minutes the first time) ...`);
  forgetOwn(join(target, TARGET, "release"));
  await runQuietly("The application", program, [...args, ...MANIFEST], {
    log: "chain",
    env: { ...env, CARGO_TARGET_DIR: target, CARGO_TERM_COLOR: "never" },
  });
  for (const each of NAMES) placeFile(wasm(join(target, TARGET, "release"), each), wasm(kept, each));
}

/**
 * The application's own tests, on this machine; what they are built from is kept in the cache too.
 * @param {(line: string) => void} say told each line that cargo prints
 * @returns {Promise<number>} cargo's exit code
 */
export async function testApplication(say) {
  const { name, program, args, env } = findTester();
  const target = join(cacheFolder(), "chain", "host");
  say(`With ${name} (minutes the first time) ...`);
  return withLock(
    join(cacheFolder(), "chain", "host.lock"),
    () => {
      forgetOwn(join(target, "debug"));
      const small = { CARGO_TARGET_DIR: target, CARGO_INCREMENTAL: "0", CARGO_TERM_COLOR: "never" };
      return runTold(program, [...args, ...MANIFEST], say, { ...env, ...small });
    },
    () => say("Another run of these tests is under way; this one waits for it."),
  );
}

/** How many tests the application has, told from its sources where none can be compiled. */
export function countApplicationTests() {
  const sources = ["src", "tests"].flatMap((folder) => filesBelow(join(CHAIN, folder)));
  return sources.flatMap((path) => readFileSync(path, "utf8").match(/^\s*#\[test\]$/gm) ?? []).length;
}

/** Cargo goes by the sources' time stamps, and clones of any age share this folder: what is ours is compiled again. @param {string} built */
function forgetOwn(built) {
  const prints = join(built, ".fingerprint");
  for (const each of existsSync(prints) ? readdirSync(prints) : [])
    if (each.startsWith(PACKAGE)) rmSync(join(prints, each), { recursive: true });
}

/** @param {string} kept */
function isWhole(kept) {
  return NAMES.every((name) => existsSync(wasm(kept, name)));
}

/** @param {string} folder @param {string} name */
function wasm(folder, name) {
  return join(folder, `${name}.wasm`);
}
