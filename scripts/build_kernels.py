# SPDX-License-Identifier: Apache-2.0
"""Compile the C of kernels/ to WebAssembly with the clang in the `ziglang` package.

Writes build/kernels/relaxed.wasm (integer dot product of the relaxed SIMD proposal) and build/kernels/baseline.wasm
(plain SIMD128), which give the same bits, and of each a twin that takes a shared memory, for threads:
relaxed-shared.wasm and baseline-shared.wasm. Nothing is compiled when the sources have not changed since.

Usage: python scripts/build_kernels.py
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path


ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "kernels"
OUTPUT = ROOT / "build" / "kernels"

STACK_BYTES = 64 * 1024
FEATURES = "generic+atomics+simd128+bulk_memory+nontrapping_fptoint+sign_ext+mutable_globals"
BUILDS = {
    "relaxed": [f"-mcpu={FEATURES}+relaxed_simd", "-DRELAXED_DOT"],
    "baseline": [f"-mcpu={FEATURES}"],
}
FLAGS = [
    *("-target", "wasm32-freestanding", "-std=c2x", "-O3", "-Wall", "-Wextra", "-Werror"),
    f"-I{SOURCES}",
    # The same bits everywhere: no contraction of a * b + c into one rounding, no reordering.
    *("-ffp-contract=off", "-fno-fast-math", "-fno-sanitize=all", "-ffreestanding", "-nostdlib"),
    *("-Wl,--no-entry", "-Wl,--import-memory", "-Wl,--export=__heap_base", "-Wl,--export=__stack_pointer"),
    *("-z", f"stack-size={STACK_BYTES}", "-s"),
]


def fingerprint() -> str:
    """Return the digest of everything that the output depends on."""
    digest = hashlib.sha256()
    for path in [*sorted(path for path in SOURCES.rglob("*") if path.suffix in (".c", ".h", ".def")), Path(__file__)]:
        name = path.relative_to(ROOT).as_posix()
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def compile_build(name: str, flags: list[str]) -> None:
    """Compile all kernels into build/kernels/NAME.wasm, in place only when complete."""
    target = OUTPUT / f"{name}.wasm"
    partial = target.with_suffix(f".{os.getpid()}.partial")  # two set-ups may run at once
    # By name, whatever the folder: the linker keeps this order, and the pinned digests depend on it.
    sources = [str(path) for path in sorted(SOURCES.rglob("*.c"), key=lambda path: path.name)]
    command = [sys.executable, "-m", "ziglang", "cc", *FLAGS, *flags, *sources, "-o", str(partial)]
    subprocess.run(command, check=True, cwd=ROOT)
    shared = target.with_name(f"{name}-shared.wasm")
    shared.write_bytes(share_memory(partial.read_bytes()))
    partial.replace(target)


def share_memory(module: bytes) -> bytes:
    """Return the module with its imported memory declared shared, which is all that differs.

    The import section (WebAssembly core specification, 5.5.5) holds one import, env.memory; its limits get the flags
    of a shared memory and the maximum that such a memory must have, 65536 pages.
    """
    entry = b"\x03env\x06memory\x02"
    at = module.index(entry)
    section_id, size, imports = module[at - 3 : at]
    if section_id != 2 or imports != 1 or module[at + len(entry)] != 0 or size > 100:
        raise ValueError("the kernels' import section is not the one that is expected")
    limits = at + len(entry)
    maximum = b"\x80\x80\x04"
    section = bytes([section_id, size + len(maximum), imports]) + entry + b"\x03"
    minimum = module[limits + 1 : at - 1 + size]
    return module[: at - 3] + section + minimum + maximum + module[at - 1 + size :]


def main() -> None:
    """Compile both builds if their sources have changed."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    stamp = OUTPUT / "fingerprint"
    current = fingerprint()
    complete = all((OUTPUT / f"{name}{kind}.wasm").is_file() for name in BUILDS for kind in ("", "-shared"))
    if complete and stamp.is_file() and stamp.read_text() == current:
        return
    for name, flags in BUILDS.items():
        compile_build(name, flags)
    stamp.write_text(current)


if __name__ == "__main__":
    main()
