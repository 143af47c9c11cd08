# SPDX-License-Identifier: Apache-2.0
"""Reading, timed inside the page's Python: a model's header, and an English text.

In come a model's files, as the page holds them; out goes JSON with the seconds of every round. What is timed is what
the engine does: the files lie in the arena, and are read from there.
"""

import gc
import json
import time
from collections.abc import Callable
from typing import Any

from taleproof.apps.model_set import parse_model, read_model
from taleproof.memory.arena import ArenaBlob
from taleproof.memory.browser import BrowserArena, Intake, JsArena, JsBytes


A_FEW_WORDS = "Once upon a time"
"""Enough for a tokenizer to make everything that it makes when first used."""


def measure(js: JsArena, names: list[str], files: list[JsBytes], has_tokenizer: bool, text: str, rounds: int) -> str:
    """Return {"tokens", "text_tokens", "parse", "ready", "encode"}, the last three as lists of seconds.

    Parameters
    ----------
    has_tokenizer : the last of the files is a tokenizer beside the model.
    """
    arena = BrowserArena(js)
    mark = arena.mark()
    blobs = [_placed(arena, name, data) for name, data in zip(names, files, strict=True)]
    given = blobs.pop() if has_tokenizer else None
    times: dict[str, list[float]] = {"parse": [], "ready": [], "encode": []}
    for _ in range(rounds):
        gc.collect()
        times["parse"].append(_timed(lambda: parse_model(blobs))[0])
        gc.collect()
        ready, tokenizer = _timed(lambda: _tokenizer(blobs, given))
        times["ready"].append(ready)
        encode, ids = _timed(lambda: tokenizer.encode(text, add_bos=False, parse_special=True))  # noqa: B023
        times["encode"].append(encode)
    arena.release(mark)
    return json.dumps({"tokens": tokenizer.vocab_size, "text_tokens": len(ids), **times})


def _placed(arena: BrowserArena, name: str, data: JsBytes) -> ArenaBlob:
    intake = Intake(arena, len(data))
    intake.take(data)
    return ArenaBlob(arena, intake.offset, intake.size, name)


def _tokenizer(blobs: list[ArenaBlob], given: ArenaBlob | None) -> Any:
    tokenizer = read_model(blobs, given).tokenizer
    tokenizer.encode(A_FEW_WORDS)
    return tokenizer


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result
