# SPDX-License-Identifier: Apache-2.0
"""``taleproof.open`` on a machine with a disk: paths come in, a Model goes out.

Refused: an address, whatever apps/local.py refuses, and a machine without the kernels or what runs them.
"""

from collections.abc import Sequence
from pathlib import Path

from taleproof.apps import local
from taleproof.apps.library.model import Model
from taleproof.apps.library.options import (
    Backend,
    Source,
    is_address,
    read_backend,
    read_expect,
    read_source,
    read_task,
)
from taleproof.errors import AddressNotReadError
from taleproof.models import Task
from taleproof.trust.digest import Expected


def open(  # noqa: A001 - its public name
    source: Source,
    *,
    task: Task | None = None,
    expect: str | None = None,
    backend: Backend = "auto",
) -> Model:
    """Open a model. Every byte of it is hashed before one is parsed.

    Parameters
    ----------
    source : the path of its file, of any part of it or of its folder, or all of its files. A tokenizer.bin or
        tokenizer.json of a model that brings no tokenizer is one of them.
    task : ``generate`` or ``embed``; if not given, what its architecture is for.
    expect : ``sha256:`` or ``sha3-256:`` and 64 hexadecimal digits: another model is refused. Of several files it is
        the digest of their list; ``sha256sum * | sha256sum`` gives it in the C locale, in a folder with nothing else.
    backend : ``wasm`` runs the kernels in wasmtime; ``numpy`` does without them, and is slow; ``auto`` is ``wasm``.

    Raises
    ------
    DigestMismatchError : it is not the model that ``expect`` names.
    InvalidDigestError, InvalidChoiceError : another argument than these.
    SourceError : the files can't be found or read.
    FormatError, UnknownArchitectureError, TaleproofError : what is wrong with them, in the words of its own class.
    MissingKernelsError, WrongKernelsError : what ``wasm`` needs is not here.
    """
    chosen, expected, purpose = read_backend(backend), read_expect(expect), read_task(task)
    names = read_source(source)
    for name in names:
        if is_address(name):
            raise AddressNotReadError(name)
    paths = [Path(name) for name in names]
    return open_paths(paths, backend="wasm" if chosen == "auto" else chosen, expected=expected, task=purpose)


def open_paths(
    paths: Sequence[Path],
    *,
    tokenizer: Path | None = None,
    backend: local.Backend = "wasm",
    expected: Expected | None = None,
    task: Task | None = None,
    context: int | None = None,
) -> Model:
    """Open a model likewise, with what only the command line offers.

    Parameters
    ----------
    tokenizer : a tokenizer's file that is not one of the model's.
    context : positions of a text with its prompt; None for as many as the model has and the memory holds.

    Raises
    ------
    InvalidSettingError : a context that the model does not have.
    """
    opened = local.open_local(
        *paths, tokenizer=tokenizer, backend=backend, expected=expected, task=task, context=context
    )
    return Model(opened, expected)
