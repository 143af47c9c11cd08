# SPDX-License-Identifier: Apache-2.0
"""Every source of randomness draws from the seeded generator, and gets its own back afterwards."""

import os
import random
import secrets
import subprocess
import sys
import uuid
from collections.abc import Callable

import numpy as np
import numpy.random  # NumPy loads it late, and seeds it then
import pytest

from taleproof.sampling.entropy import ZERO_SEED, Entropy, Fill, seed_everything
from taleproof.sampling.rng import StdRng


def system_random() -> float:
    return random.SystemRandom().random()


def new_generator() -> float:
    return random.Random().random()


def new_bit_generator() -> int:
    return int(np.random.PCG64().random_raw())


def seeded_again() -> float:
    random.seed()
    return random.random()


SOURCES: list[Callable[[], object]] = [
    lambda: os.urandom(16),
    lambda: secrets.token_hex(16),
    lambda: secrets.randbelow(10**9),
    lambda: uuid.uuid4().hex,
    random.random,
    lambda: random.choice(range(10**9)),
    lambda: np.random.random(),
    lambda: np.random.default_rng().random(),
    lambda: np.random.RandomState().random_sample(),
    system_random,
    new_generator,
    new_bit_generator,
    seeded_again,
]


def drawn() -> list[object]:
    return [source() for source in SOURCES]


def test_the_same_seed_gives_the_same_everywhere() -> None:
    with seed_everything(bytes(range(32))):
        first = drawn()
    with seed_everything(bytes(range(32))):
        second = drawn()
    with seed_everything(bytes(31) + b"\x01"):
        other = drawn()
    assert first == second
    assert all(a != b for a, b in zip(first, other, strict=True))


@pytest.mark.skipif(not hasattr(os, "getrandom"), reason="this system has no os.getrandom")
def test_getrandom() -> None:
    with seed_everything() as one:
        first = os.getrandom(9)
    with seed_everything(), np.errstate():
        assert os.getrandom(9) == first
    assert one.seed == ZERO_SEED


def test_bytes_are_the_generators_own() -> None:
    hooked: list[Fill] = []

    def hook(fill: Fill) -> Callable[[], None]:
        hooked.append(fill)
        return hooked.clear

    twin = StdRng.from_seed(ZERO_SEED)
    twin.fill_bytes(32)  # random's seed
    for _ in range(8):  # NumPy's
        twin.fill_bytes(4)
    with seed_everything(hooks=[hook]):
        assert os.urandom(5) == twin.fill_bytes(5)
        assert hooked[0](7) == twin.fill_bytes(7)
        assert secrets.token_bytes(12) == twin.fill_bytes(12)
    assert hooked == []


def test_the_seed_shown_is_the_seed_used() -> None:
    with seed_everything() as zero:
        assert zero.seed == bytes(32)
        a = os.urandom(8)
    with seed_everything(1_700_000_000_000_000) as stamped:
        b = os.urandom(8)
    with seed_everything(stamped.seed) as again:
        assert os.urandom(8) == b
        assert again.seed == stamped.seed
    assert a != b


def test_explicit_seeds_keep_their_meaning() -> None:
    plain = random.Random(5).random(), np.random.default_rng(5).random()
    with seed_everything():
        assert (random.Random(5).random(), np.random.default_rng(5).random()) == plain
        random.seed(5)
        assert random.random() == plain[0]


def state() -> list[object]:
    legacy = np.random.get_state(legacy=False)
    return [os.urandom, random.seed, random.Random.seed, random.getstate(), str(legacy)]


def test_everything_is_put_back() -> None:
    before = state()
    with seed_everything():
        drawn()
        assert state() != before
    assert state() == before
    assert os.urandom(16) != os.urandom(16)


def test_one_inside_the_other() -> None:
    with seed_everything(b"\x01" * 32):
        inside_outer = os.urandom
        with seed_everything(b"\x02" * 32):
            assert os.urandom != inside_outer
        assert os.urandom == inside_outer


def test_removing_twice_does_nothing() -> None:
    entropy: Entropy = seed_everything()
    entropy.remove()
    real = os.urandom
    entropy.remove()
    assert os.urandom is real


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33), -1, 2**64])
def test_refuses_other_seeds(seed: bytes | int) -> None:
    with pytest.raises(ValueError, match="seed"):
        seed_everything(seed)


def test_numpy_loaded_in_between() -> None:
    program = (
        "import sys\nfrom taleproof.sampling.entropy import seed_everything\n"
        "assert 'numpy.random' not in sys.modules\n"
        "with seed_everything():\n    import numpy as np\n    print(np.random.random())\n"
        "print(np.random.random())"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(2)
    ]
    assert runs[0][0] == runs[1][0]
    assert runs[0][1] != runs[1][1]
