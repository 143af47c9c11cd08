# SPDX-License-Identifier: Apache-2.0
"""What a caller asks for, checked: the model's files, what vouches for them, and the settings of a text.

Python's own values come in, the engine's types go out. Refused: a value that an argument or a setting can't have.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812 - a setting has that name
from typing import Any, Literal, TypedDict, TypeVar, get_args

from taleproof.chat.passages import Note
from taleproof.chat.prompt import read_date
from taleproof.chat.story_requests import DEFAULT_LANGUAGE, story_request
from taleproof.errors import InvalidChoiceError, InvalidDigestError, NoModelInFolderError
from taleproof.models import Task
from taleproof.sampling.config import SamplerConfig
from taleproof.tasks.generate import Limits
from taleproof.tasks.sentences import SentenceEnd
from taleproof.trust.digest import Expected


Name = str | os.PathLike[str]
Source = Name | Sequence[Name]
Backend = Literal["auto", "wasm", "numpy"]

DEFAULT_MAX_TOKENS = 256
DEFAULT_NOTE_DEPTH = 3

_TASKS: tuple[Task, ...] = get_args(Task)
_BACKENDS: tuple[Backend, ...] = get_args(Backend)
_EXPECT = re.compile("(sha256|sha3-256):([0-9A-Fa-f]{64})")
_Choice = TypeVar("_Choice", bound=str)


class Settings(TypedDict, total=False):
    """How a text is written; Model.generate describes each."""

    seed: int
    max_tokens: int
    temperature: float | None
    top_p: float | None
    top_k: int | None
    min_p: float | None
    repeat_penalty: float
    repeat_last_n: int
    dry_multiplier: float
    dry_base: float
    dry_allowed_length: int
    dry_last_n: int
    dry_sequence_breakers: str | Sequence[str]
    xtc_probability: float
    xtc_threshold: float
    stop: str | Sequence[str]
    min_tokens: int
    past_ends: int
    end_at_sentence: SentenceEnd | None
    date: Date | str | None
    language: str
    memory: str
    note: str | None
    note_depth: int
    passages: Sequence[int]


@dataclass(frozen=True)
class Options:
    """The same, checked. ``today`` is the date that a chat template is given, the last four are apps/prompting.py's."""

    sampler: SamplerConfig
    limits: Limits
    today: Date
    language: str = DEFAULT_LANGUAGE
    memory: str = ""
    note: Note | None = None
    passages: tuple[int, ...] = ()


def read_settings(settings: Settings) -> Options:
    """Check settings, and put the defaults for those that are missing.

    Raises
    ------
    InvalidSettingError : a number out of its range, or a date that is none.
    InvalidChoiceError : a language that there is no request for a story in, or an end that is not known.
    TypeError : a setting that there is not.
    """
    sampler: dict[str, Any] = {"temperature": 0.0, **settings}
    day = sampler.pop("date", None)
    language, memory = sampler.pop("language", DEFAULT_LANGUAGE), sampler.pop("memory", "")
    note, depth = sampler.pop("note", None), sampler.pop("note_depth", DEFAULT_NOTE_DEPTH)
    passages = tuple(sampler.pop("passages", ()))
    limits = Limits(
        sampler.pop("max_tokens", DEFAULT_MAX_TOKENS),
        _texts(sampler.pop("stop", ())),
        min_tokens=sampler.pop("min_tokens", 0),
        end_at_sentence=sampler.pop("end_at_sentence", None),
        past_ends=sampler.pop("past_ends", 0),
    )
    if "dry_sequence_breakers" in sampler:
        sampler["dry_sequence_breakers"] = _texts(sampler["dry_sequence_breakers"])
    story_request(language)  # refuses one that there is not
    placed = None if note is None else Note(note, depth)
    return Options(SamplerConfig(**sampler), limits, _day(day), language, memory, placed, passages)


def _texts(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _day(day: Date | str | None) -> Date:
    if day is None:
        return Date.today()
    return read_date(day) if isinstance(day, str) else Date(day.year, day.month, day.day)


def read_expect(expect: str | None) -> Expected | None:
    """Return what ``sha256:HEX`` or ``sha3-256:HEX`` vouches for.

    Raises
    ------
    InvalidDigestError : it has another form.
    """
    if expect is None:
        return None
    found = _EXPECT.fullmatch(expect) if isinstance(expect, str) else None
    if found is None:
        raise InvalidDigestError(expect)
    return Expected(sha256=found[2]) if found[1] == "sha256" else Expected(sha3_256=found[2])


def read_source(source: Source) -> list[str]:
    """Return the names of a source: a path, a folder or an address, or all files of a model.

    Raises
    ------
    NoModelInFolderError : there is none.
    """
    names = [os.fspath(name) for name in ([source] if isinstance(source, str | os.PathLike) else source)]
    if not names:
        raise NoModelInFolderError("The source")
    return names


def is_address(name: str) -> bool:
    """Return whether it is a URL, and not a path."""
    return re.match("[A-Za-z][A-Za-z0-9+.-]+://", name) is not None


def read_task(task: str | None) -> Task | None:
    return None if task is None else _chosen("task", task, _TASKS)


def read_backend(backend: str) -> Backend:
    return _chosen("backend", backend, _BACKENDS)


def _chosen(setting: str, value: str, choices: tuple[_Choice, ...]) -> _Choice:
    """Return the one of the choices that it is; InvalidChoiceError where it is none."""
    found = next((choice for choice in choices if choice == value), None)
    if found is None:
        raise InvalidChoiceError(setting, value, choices)
    return found
