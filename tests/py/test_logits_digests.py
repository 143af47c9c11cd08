# SPDX-License-Identifier: Apache-2.0
"""The digests of a story's logits: which logits are taken, and that a changed bit changes all digests after it."""

import hashlib

import numpy as np

from taleproof.sampling.logits_digests import EVERY, LogitsDigests


def test_every_sixteenth_is_taken_in_a_running_digest() -> None:
    rows = np.random.default_rng(0).standard_normal((40, 8)).astype(np.float32)
    digests = LogitsDigests()
    for index, row in enumerate(rows):
        digests.add(index, row)
    taken = rows[::EVERY]
    assert digests.digests == [hashlib.sha256(taken[:n].tobytes()).hexdigest() for n in (1, 2, 3)]


def test_one_bit_anywhere_changes_all_digests_from_there_on() -> None:
    rows = np.random.default_rng(0).standard_normal((33, 8)).astype(np.float32)
    changed = rows.copy()
    changed.view(np.uint32)[16, 3] ^= 1
    first, second = LogitsDigests(), LogitsDigests()
    for index in range(33):
        first.add(index, rows[index])
        second.add(index, changed[index])
    assert [a == b for a, b in zip(first.digests, second.digests, strict=True)] == [True, False, False]
