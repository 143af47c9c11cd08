# SPDX-License-Identifier: Apache-2.0
"""A hostile model's control characters never reach a terminal: not from its text, its keys, its names or its errors."""

import io
import json
import os
import pty
import sys
import unicodedata
from contextlib import suppress
from pathlib import Path

import pytest

from fixtures.gguf_writer import write
from fixtures.make import CHAT_TEMPLATE, SHAPE, gguf_tensor, model_keys, vocabulary_keys
from fixtures.tiny import gpt2_vocabulary, weights
from taleproof.apps.cli.main import main
from taleproof.apps.cli.terminal import visible, visible_json, visible_line


FIXTURES = Path(__file__).parents[1] / "fixtures"
CLIPBOARD = "\x1b]52;c;cm0gLXJm\x07"
"""Tells a terminal to put a text on the clipboard."""

Capture = pytest.CaptureFixture[str]


def test_every_control_character_is_shown_and_nothing_else_is_changed() -> None:
    for code in range(0x110000):
        char = chr(code)
        if code < 0x20 and char not in "\n\t":
            assert visible(char) == chr(0x2400 + code)
        elif code == 0x7F:
            assert visible(char) == "\u2421"
        elif 0x80 <= code < 0xA0:
            assert visible(char) == "\ufffd"
        else:
            assert visible(char) == char
    assert visible_line("a\tb\nc\x1b") == "a\u2409b\u240ac\u241b"


def test_json_has_the_same_value() -> None:
    value = {"text": "".join(map(chr, range(0x100)))}
    shown = visible_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(shown) == value
    assert not any(unicodedata.category(char) == "Cc" for char in shown)


@pytest.fixture
def hostile_words(tmp_path: Path) -> list[str]:
    """Return the arguments for a model whose next word is a command to the terminal."""
    words = tmp_path / "words.bin"
    words.write_bytes((FIXTURES / "tok512.bin").read_bytes().replace(b" there", b"\x1b]52;c"))
    model = str(FIXTURES / "stories260K.bin")
    return [model, "--tokenizer", str(words), "--prompt", "Once upon a time", "--max-tokens", "3"]


def test_a_story_shows_them_unless_raw_is_asked_for(hostile_words: list[str], capsys: Capture) -> None:
    assert main(["generate", *hostile_words]) == 0
    assert capsys.readouterr().out == "Once upon a time,\u241b]52;c was\n"
    assert main(["generate", *hostile_words, "--raw"]) == 0
    assert capsys.readouterr().out == "Once upon a time,\x1b]52;c was\n"
    assert main(["generate", *hostile_words, "--json"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert json.loads(out)["text"] == ",\x1b]52;c was"


def test_a_terminal_never_gets_them(hostile_words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "wb", buffering=0) as end:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(end, encoding="utf-8", write_through=True))
        assert main(["generate", *hostile_words, "--raw"]) == 0
    shown = b""
    with suppress(OSError):  # what Linux has at the end, where others have nothing
        while piece := os.read(ours, 1000):
            shown += piece
    os.close(ours)
    assert "\u241b]52;c".encode() in shown
    assert b"\x1b" not in shown


def hostile_model() -> bytes:
    """Return a model with orders to the terminal in a key, a list, a tensor's name, and the end of a line in a key."""
    keys = model_keys(SHAPE) | vocabulary_keys(gpt2_vocabulary()) | {"tokenizer.chat_template": CHAT_TEMPLATE}
    keys |= {f"key{CLIPBOARD}": 1, "list": [CLIPBOARD], "a\nSHA-256  0000": 1}
    tensors = [gguf_tensor(name, "F32", array) for name, array in weights(SHAPE, tied=True, seed=1).items()]
    return write(keys, [*tensors, gguf_tensor(f"tensor{CLIPBOARD}", "F32", weights(SHAPE)["output_norm.weight"])])


def test_inspect_shows_them(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / f"model{CLIPBOARD}.gguf"
    path.write_bytes(hostile_model())
    assert main(["inspect", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.replace("\n", "").isprintable()
    assert out.count("\u241b]52;c;") >= 4
    assert "\nSHA-256  0000" not in out


def test_errors_show_them(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / f"model{CLIPBOARD}.gguf"
    path.write_bytes(hostile_model())
    for arguments in (
        ["generate", str(path), "--prompt", "Once"],  # its tensor that nothing asks for
        ["inspect", f"{path}x"],
        ["inspect", str(path), "--expect-sha256", CLIPBOARD],
        ["generate", str(path), "--prompt", "Once", "--seed", CLIPBOARD],
    ):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert error.rstrip("\n").isprintable()
        assert error.count("\n") == 1
