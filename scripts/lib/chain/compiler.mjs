// SPDX-License-Identifier: Apache-2.0
/**
 * Finds a Rust that can compile the application to the WebAssembly that Linera takes, and one for its tests.
 *
 * Out: a program with its arguments and environment. Linera refuses what WebAssembly has gained since its first
 * version (bulk memory and the rest). The standard library that comes with Rust 1.86 keeps to the first version; with
 * any later Rust it has to be compiled again, from its source. The tests run on the machine itself, and any Rust since
 * 1.86 will do. Refused: a machine with neither, and it is said what to install.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { devNull, homedir } from "node:os";
import { join } from "node:path";
import { Problem } from "../problem.mjs";

export const TARGET = "wasm32-unknown-unknown";
const TOOLCHAIN = "1.86";
const OLDEST = 86;
const BUILD = ["build", "--release", "--locked", "--bins", "--target", TARGET];
const TEST = ["test", "--locked", "--no-fail-fast", "--lib", "--bins", "--tests"];

/** Debian's packages rustc-web, cargo-web, rust-web-src and lld-19. */
const DEBIAN = {
  rustc: "/usr/bin/rustc",
  cargo: "/usr/bin/cargo",
  linker: "/usr/bin/wasm-ld-19",
  source: "/usr/lib/rustlib/src/rust/library",
};

/** @typedef {{name: string, program: string, args: string[], env: Record<string, string>}} Compiler */

/** @returns {Compiler} */
export function findCompiler() {
  const compiler = rustupCompiler() ?? debianCompiler();
  if (compiler) return compiler;
  throw new Problem(
    "rust-missing",
    "No Rust here can compile the application to WebAssembly. Install one of these and run the command again:\n" +
      `  rustup toolchain install ${TOOLCHAIN} && rustup target add ${TARGET} --toolchain ${TOOLCHAIN}\n` +
      "  apt-get install rustc-web cargo-web rust-web-src lld-19      (Debian)",
  );
}

/** The Rust that runs the application's tests. @returns {Compiler} */
export function findTester() {
  const tester = rustupTester() ?? plainTester();
  if (!tester) {
    throw new Problem(
      "rust-missing",
      `The application's tests need Rust 1.${OLDEST} or later. Install one of these:\n` +
        `  rustup toolchain install ${TOOLCHAIN}\n` +
        "  apt-get install rustc-web cargo-web      (Debian)",
    );
  }
  if (!protocFits()) {
    throw new Problem(
      "protoc-missing",
      "The application's tests need protoc and its own .proto files (google/protobuf/empty.proto), which Linera's " +
        "crates are built with. Install them:\n" +
        "  apt-get install protobuf-compiler libprotobuf-dev      (Debian)",
    );
  }
  return tester;
}

/** Whether there is a protoc that finds its own .proto files, in the places where prost's build script looks for both. */
export function protocFits(environment = process.env) {
  const include = environment.PROTOC_INCLUDE ? [`--proto_path=${environment.PROTOC_INCLUDE}`] : [];
  const args = [...include, `--descriptor_set_out=${devNull}`, "google/protobuf/empty.proto"];
  return ask(environment.PROTOC || "protoc", args, environment) !== null;
}

/** @returns {Compiler | null} */
function rustupTester() {
  const name = rustupToolchain();
  if (!name) return null;
  return { name: `Rust ${name}`, program: "rustup", args: ["run", name, "cargo", ...TEST], env: {} };
}

/** @returns {Compiler | null} */
function plainTester() {
  const minor = Number(/^rustc 1\.(\d+)/.exec(ask("rustc", ["--version"]) ?? "")?.[1]);
  return minor >= OLDEST ? { name: `Rust 1.${minor}`, program: "cargo", args: TEST, env: {} } : null;
}

/** The name of rustup's toolchain of that version. */
function rustupToolchain() {
  return (ask("rustup", ["toolchain", "list"]) ?? "")
    .split(/\s+/)
    .find((each) => each.startsWith(`${TOOLCHAIN}-`) || each.startsWith(`${TOOLCHAIN}.`));
}

/** @returns {Compiler | null} */
function rustupCompiler() {
  const name = rustupToolchain();
  if (!name) return null;
  const folder = ask("rustup", [
    "run",
    name,
    "rustc",
    "--print",
    "target-libdir",
    "--target",
    TARGET,
  ])?.trim();
  if (!folder || !existsSync(folder)) return null;
  if (!readdirSync(folder).some((file) => file.startsWith("libstd-"))) return null;
  return { name: `Rust ${name}`, program: "rustup", args: ["run", name, "cargo", ...BUILD], env: flags() };
}

/** @returns {Compiler | null} */
function debianCompiler() {
  if (!Object.values(DEBIAN).every((path) => existsSync(path))) return null;
  return {
    name: "Debian's rustc-web",
    program: DEBIAN.cargo,
    args: [...BUILD, "-Zbuild-std=std,panic_abort"],
    env: {
      ...flags("-Ctarget-cpu=mvp"),
      RUSTC: DEBIAN.rustc,
      RUSTC_BOOTSTRAP: "1", // -Z is for nightly compilers otherwise
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: DEBIAN.linker,
    },
  };
}

/** Paths of this machine stay out of what is published. @param {string[]} more */
function flags(...more) {
  const home = process.env.CARGO_HOME || join(homedir(), ".cargo");
  return {
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: [`--remap-path-prefix=${home}=cargo`, ...more].join(" "),
  };
}

/** @param {string} program @param {string[]} args */
function ask(program, args, env = process.env) {
  try {
    return execFileSync(program, args, { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return null;
  }
}
