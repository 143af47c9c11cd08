"""The benchmark's own models: one shows what a token costs beside the arithmetic, one only reads memory.

Usage: python scripts/bench_models.py FOLDER
In: the tests' models and their makers. Out: in the folder, a small model trained on stories, a model of float32 weights
in stories15M's shape (random, seeded), their tokenizers, and models.json, which names the files and their digests.
"""

import hashlib
import json
import struct
import sys
from pathlib import Path


ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "py")]

from fixtures.make import tiny_llama2c, tiny_tokenizer_bin  # noqa: E402
from fixtures.tiny import VOCABULARY, Shape  # noqa: E402


FLOAT_SHAPE = Shape(dim=288, hidden=768, layers=6, heads=6, kv_heads=6, vocabulary=32_000, context=256)


def float_tokenizer() -> bytes:
    """Return the tests' vocabulary, filled up with pieces that no text is made of."""
    pieces = [f"<{number}>".encode() for number in range(VOCABULARY, FLOAT_SHAPE.vocabulary)]
    return tiny_tokenizer_bin() + b"".join(struct.pack("<fi", -1e6, len(piece)) + piece for piece in pieces)


def main(folder: Path) -> None:
    """Write the files and their list."""
    fixtures = ROOT / "tests" / "fixtures"
    models = {
        "stories260K": ((fixtures / "stories260K.bin").read_bytes(), (fixtures / "tok512.bin").read_bytes()),
        "float15M": (tiny_llama2c(0, shape=FLOAT_SHAPE, seed=15), float_tokenizer()),
    }
    folder.mkdir(parents=True, exist_ok=True)

    def put(name: str, data: bytes) -> dict[str, object]:
        (folder / name).write_bytes(data)
        return {"url": f"{folder.name}/{name}", "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}

    listed = {
        name: {**put(f"{name}.bin", model), "tokenizer": put(f"{name}-tokenizer.bin", tokenizer)}
        for name, (model, tokenizer) in models.items()
    }
    (folder / "models.json").write_text(json.dumps(listed, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
