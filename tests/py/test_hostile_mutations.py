# SPDX-License-Identifier: Apache-2.0
"""Mutations of each format's good files, of their bytes and of their settings: read or refused in words, quickly and
within 64 MB.

``npm run test:long`` makes a hundred times as many, ``npm run fuzz`` as many as there is time for.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.hostile.fuzz import find
from fixtures.hostile.opening import outcome
from fixtures.hostile.seeds import GRAMMAR, grammar_seeds, seeds
from taleproof.models import FAMILIES
from taleproof.models.shared.rope_json import ROPE


MUTATIONS = 1_000


@pytest.mark.parametrize("name", seeds())
def test_mutations(name: str) -> None:
    @settings(
        max_examples=MUTATIONS,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(st.integers(0, (1 << 63) - 1))
    def check(number: int) -> None:
        error = find(name, number)
        if error is not None:
            raise AssertionError(f"{name}, mutation {number}") from error

    check()


@pytest.mark.parametrize("name", seeds())
def test_mutations_begin_with_good_files(name: str) -> None:
    for seed in seeds()[name]:
        assert outcome(seed.files, seed.opener) is None
        assert len({seed.mutation(number)[seed.target] for number in range(50)}) > 40


def test_settings_that_are_in_no_good_file_are_changed_too() -> None:
    """They are noted as they are asked for: had a reader's key been passed over, it would be missing here."""
    config, gguf, tokenizer = ({place for seed in grammar_seeds()[name] for place in seed.settings} for name in GRAMMAR)
    read = {key for family in FAMILIES.values() for key in family.defaults}
    assert {(key,) for key in read} <= config
    assert {("rope_scaling", key) for key in ROPE} <= config
    assert {("rope_parameters", "full_attention", key) for key in ("rope_theta", "rope_type", "factor")} <= config
    for key in ("rope.scaling.yarn_beta_fast", "rope.scale_linear", "attention.sliding_window", "rope.freq_base"):
        assert (f"llama.{key}",) in gguf
    for key in ("t5.tied", "gemma3.rope.freq_base_swa", "bert.pooling_type", "tokenizer.ggml.eot_token_id"):
        assert (key,) in gguf
    assert {("add_bos_token",), ("eos_token",), ("model", "vocab")} <= tokenizer
