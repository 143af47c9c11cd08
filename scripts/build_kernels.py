"""Compile kernels/*.c to WebAssembly with the clang in the `ziglang` package.

Writes build/kernels/relaxed.wasm (integer dot product of the relaxed SIMD proposal) and build/kernels/baseline.wasm
(plain SIMD128), which give the same bits. Nothing is compiled when the sources have not changed since.

Usage: python scripts/build_kernels.py
"""

import hashlib
import subprocess
import sys
from pathlib import Path


ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "kernels"
OUTPUT = ROOT / "build" / "kernels"

STACK_BYTES = 64 * 1024
FEATURES = "generic+simd128+bulk_memory+nontrapping_fptoint+sign_ext+mutable_globals"
BUILDS = {
    "relaxed": [f"-mcpu={FEATURES}+relaxed_simd", "-DRELAXED_DOT"],
    "baseline": [f"-mcpu={FEATURES}"],
}
FLAGS = [
    *("-target", "wasm32-freestanding", "-std=c2x", "-O3", "-Wall", "-Wextra", "-Werror"),
    # The same bits everywhere: no contraction of a * b + c into one rounding, no reordering.
    *("-ffp-contract=off", "-fno-fast-math", "-fno-sanitize=all", "-ffreestanding", "-nostdlib"),
    *("-Wl,--no-entry", "-Wl,--import-memory", "-Wl,--export=__heap_base"),
    *("-z", f"stack-size={STACK_BYTES}", "-s"),
]


def fingerprint() -> str:
    """Return the digest of everything that the output depends on."""
    digest = hashlib.sha256()
    for path in sorted([*SOURCES.glob("*.[ch]"), Path(__file__)]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def compile_build(name: str, flags: list[str]) -> None:
    """Compile all kernels into build/kernels/NAME.wasm, in place only when complete."""
    target = OUTPUT / f"{name}.wasm"
    partial = target.with_suffix(".partial")
    sources = [str(path) for path in sorted(SOURCES.glob("*.c"))]
    command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, *flags, *sources, "-o", str(partial)]
    subprocess.run(command, check=True, cwd=ROOT)
    partial.replace(target)


def main() -> None:
    """Compile both builds if their sources have changed."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    stamp = OUTPUT / "fingerprint"
    current = fingerprint()
    complete = all((OUTPUT / f"{name}.wasm").is_file() for name in BUILDS)
    if complete and stamp.is_file() and stamp.read_text() == current:
        return
    for name, flags in BUILDS.items():
        compile_build(name, flags)
    stamp.write_text(current)


if __name__ == "__main__":
    main()
