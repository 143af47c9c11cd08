# SPDX-License-Identifier: Apache-2.0
"""Which files of a folder are one model, by their names alone."""

import pytest

from taleproof.errors import NoModelInFolderError, SeveralModelsError
from taleproof.io.model_files import files_of_model


BESIDE = ["config.json", "tokenizer.json", "tokenizer_config.json"]
MORE = ["generation_config.json", "chat_template.jinja", "modules.json", "1_Pooling/config.json"]
SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize(
    ("names", "chosen", "expected"),
    [
        (["README.md", "tiny.gguf"], None, ["tiny.gguf"]),
        (["a.gguf", "b.gguf"], "b.gguf", ["b.gguf"]),
        (
            ["a-00002-of-00002.gguf", "a-00001-of-00002.gguf", "b.gguf"],
            "a-00002-of-00002.gguf",
            ["a-00001-of-00002.gguf", "a-00002-of-00002.gguf"],
        ),
        (
            ["model.safetensors", "README.md", "pytorch_model.bin", "vocab.json", *BESIDE],
            None,
            ["model.safetensors", *BESIDE],
        ),
        ([*SHARDS, INDEX, *BESIDE], None, [*SHARDS, *BESIDE, INDEX]),
        ([*SHARDS, INDEX, *BESIDE], INDEX, [*SHARDS, *BESIDE, INDEX]),
        ([*SHARDS, INDEX, *BESIDE], "config.json", [*SHARDS, *BESIDE, INDEX]),
        (["adapter.safetensors", "model.safetensors", "config.json"], None, ["model.safetensors", "config.json"]),
        (["b.safetensors", "a.safetensors", INDEX, *BESIDE], None, ["a.safetensors", "b.safetensors", *BESIDE, INDEX]),
        (["b.safetensors", "a.safetensors", INDEX], INDEX, ["a.safetensors", "b.safetensors", INDEX]),
        (["model.safetensors", *MORE, *BESIDE], None, ["model.safetensors", *BESIDE, *MORE]),
        (["stories.bin", "tok512.bin", "pytorch_model.bin"], None, ["stories.bin", "tok512.bin"]),
        (["stories.bin", "tokenizer.json"], None, ["stories.bin", "tokenizer.json"]),
        (["a.bin", "b.bin", "tokenizer.bin"], "a.bin", ["a.bin"]),
        (["a.gguf", "b.bin"], "b.bin", ["b.bin"]),
        (["a.gguf", "b.gguf", "0123abcd"], "0123abcd", ["0123abcd"]),
    ],
)
def test_the_files_of_a_model(names: list[str], chosen: str | None, expected: list[str]) -> None:
    assert files_of_model(names, "folder", chosen) == expected


def test_a_folder_with_several_models_names_them() -> None:
    with pytest.raises(SeveralModelsError, match=r"a\.gguf, b\.gguf"):
        files_of_model(["b.gguf", "a.gguf"], "folder")


@pytest.mark.parametrize("names", [[], ["README.md", "config.json"], ["tokenizer.bin"], ["pytorch_model.bin"]])
def test_a_folder_without_a_model(names: list[str]) -> None:
    with pytest.raises(NoModelInFolderError, match="folder"):
        files_of_model(names, "folder")
