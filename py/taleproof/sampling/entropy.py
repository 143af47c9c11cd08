# SPDX-License-Identifier: Apache-2.0
"""One source of randomness for the whole sandbox: a seed comes in, and all that asks for entropy draws from it.

As in Linera's guide to machine learning, where the sandbox's getrandom is registered with a seeded generator: the zero
seed by default, any seed of 32 bytes, or a time stamp. The generator is `rng.StdRng`. A seed of another length is
refused with ValueError.

What draws from it while it is installed
    os.urandom, os.getrandom, secrets, random.SystemRandom, uuid.uuid4; random, its functions and new
    random.Random(); numpy.random: the global state, default_rng() and new bit generators without a seed;
    and whatever a hook is given for, such as crypto.getRandomValues in the engine's worker.
What keeps its own meaning
    Generators that are seeded explicitly, such as random.Random(5) or default_rng(5).
What is not covered under CPython
    Sources below Python: str hashes (set PYTHONHASHSEED), OpenSSL, _random.Random, uuid1. Functions that a module
    imported by name before, such as ``from os import urandom``, except in the standard library's own random. In
    Pyodide those sources end at crypto.getRandomValues, so that a hook that is installed before it starts has them too.
"""

import os
import random
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from taleproof.sampling.rng import StdRng, expand_seed


ZERO_SEED = bytes(32)

_NUMPY_RANDOM = "numpy.random"

Fill = Callable[[int], bytes]
"""Returns so many bytes of the generator."""

Hook = Callable[[Fill], Callable[[], None]]
"""Directs another source of entropy to `Fill`; returns what undoes it."""


def seed_bytes(seed: bytes | int | None) -> bytes:
    """Return the 32-byte seed: None is the zero seed, an int a time stamp in microseconds since 1970, expanded."""
    if seed is None:
        return ZERO_SEED
    if isinstance(seed, int):
        return expand_seed(seed)
    if len(seed) != 32:
        raise ValueError(f"a seed must be 32 bytes, not {len(seed)}")
    return bytes(seed)


class Entropy:
    """The installed generator; a context manager that removes itself at the end.

    Attributes
    ----------
    seed : the 32 bytes that are used.
    """

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self._rng = StdRng.from_seed(seed)
        self._undo: list[Callable[[], None]] = []

    def fill(self, n: int) -> bytes:
        """Return the next `n` bytes of the generator."""
        return self._rng.fill_bytes(n)

    def install(self, hooks: Sequence[Hook] = ()) -> None:
        """Direct every source to the generator. What was there before is put back by `remove`."""
        if _NUMPY_RANDOM not in sys.modules:
            self._undo.append(_seed_numpy_anew)  # undone last: by then the system's entropy is back
        self._replace(os, "urandom", self.fill)
        if hasattr(os, "getrandom"):
            self._replace(os, "getrandom", lambda size, flags=0: self.fill(size))
        self._replace(random, "_urandom", self.fill)  # what SystemRandom and secrets call
        self._seed_random()
        self._seed_numpy()
        self._undo.extend(hook(self.fill) for hook in hooks)

    def remove(self) -> None:
        """Put back what was there, in the reverse order."""
        while self._undo:
            self._undo.pop()()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def _replace(self, owner: Any, name: str, value: object) -> None:
        before = getattr(owner, name)
        setattr(owner, name, value)
        self._undo.append(lambda: setattr(owner, name, before))

    def _seed_random(self) -> None:
        """Seed random's own generator, and let every Random without a seed take one from here, not from C."""
        seed_with = random.Random.seed

        def seed(generator: random.Random, a: Any = None, version: int = 2) -> None:
            seed_with(generator, int.from_bytes(self.fill(32), "little") if a is None else a, version)

        state = random.getstate()
        self._undo.append(lambda: random.setstate(state))
        self._replace(random.Random, "seed", seed)
        shared: random.Random = random._inst
        self._replace(random, "seed", shared.seed)
        random.seed()

    def _seed_numpy(self) -> None:
        """Seed NumPy's global state, if it is there yet; its import takes a seed from secrets, as all else does."""
        if _NUMPY_RANDOM not in sys.modules:  # slow to import, and few need it
            return
        import numpy as np

        state = np.random.get_state()
        self._undo.append(lambda: np.random.set_state(state))
        np.random.seed([int.from_bytes(self.fill(4), sys.byteorder) for _ in range(8)])


def _seed_numpy_anew() -> None:
    """Seed NumPy's global state from the system, if it was imported, and so seeded, in between."""
    if _NUMPY_RANDOM in sys.modules:
        import numpy as np

        np.random.seed()


def seed_everything(seed: bytes | int | None = None, hooks: Sequence[Hook] = ()) -> Entropy:
    """Install the generator of a seed for the whole sandbox.

    Parameters
    ----------
    seed : None for the zero seed, 32 bytes, or a time stamp in microseconds since 1970.
    hooks : direct further sources to the generator.

    Returns
    -------
    what was installed; its ``seed`` is the seed used, and leaving it as a context (or ``remove``) undoes it.
    """
    entropy = Entropy(seed_bytes(seed))
    entropy.install(hooks)
    return entropy
