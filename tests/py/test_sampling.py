# SPDX-License-Identifier: Apache-2.0
"""Sampling against candle's own choices, and each filter on arrays that can be checked by eye."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from taleproof.errors import InvalidSettingError, NumericsError
from taleproof.sampling import chain as sampling
from taleproof.sampling.chain import LogitsProcessor, NumpySampler, apply_repeat_penalty
from taleproof.sampling.config import SamplerConfig
from taleproof.sampling.rng import StdRng, WeightedIndex
from taleproof.sampling.softmax import probabilities as softmax


VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "candle_logits_processor.json").read_text(encoding="utf-8")
)


def candle_logits(vocab: int, step: int) -> NDArray[np.float32]:
    i = np.arange(vocab, dtype=np.int64)
    return (((i * i * 31 + i * 17 + step * 101) % 997 - 498) / 64).astype(np.float32)


def f32(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


def case_name(case: dict[str, Any]) -> str:
    return f"{case['seed']}-{case['temperature']}-{case['top_p']}-{case['vocab']}"


class TestCandle:
    @pytest.mark.parametrize("case", VECTORS["cases"], ids=case_name)
    def test_logits_processor(self, case: dict[str, Any]) -> None:
        processor = LogitsProcessor(int(case["seed"]), case["temperature"], case["top_p"])
        chosen = [processor.sample(candle_logits(case["vocab"], step)) for step in range(48)]
        assert chosen == case["tokens"]

    @pytest.mark.parametrize("case", VECTORS["cases"], ids=case_name)
    def test_sampler_with_further_filters_off(self, case: dict[str, Any]) -> None:
        sampler = NumpySampler(SamplerConfig(int(case["seed"]), case["temperature"], case["top_p"]))
        chosen = [sampler.sample_token(candle_logits(case["vocab"], step), [1, 2]) for step in range(48)]
        assert chosen == case["tokens"]

    @pytest.mark.parametrize("case", VECTORS["repeat_penalty"], ids=lambda c: str(c["penalty"]))
    def test_repeat_penalty(self, case: dict[str, Any]) -> None:
        logits = candle_logits(case["vocab"], case["step"])
        result = apply_repeat_penalty(logits, case["penalty"], case["context"])
        assert result.view(np.uint32).tolist() == case["bits"]


class TestFilters:
    def test_repeat_penalty_divides_or_multiplies_each_token_once(self) -> None:
        logits = f32(2.0, -2.0, 0.0, 5.0)
        assert apply_repeat_penalty(logits, 2.0, [0, 0, 1, 2, 9]).tolist() == [1.0, -4.0, 0.0, 5.0]
        assert logits.tolist() == [2.0, -2.0, 0.0, 5.0]

    def test_argmax_is_the_last_of_equals(self) -> None:
        assert sampling.argmax(f32(3.0, 1.0, 3.0, 2.0)) == 2

    def test_argmax_prefers_positive_zero(self) -> None:
        assert sampling.argmax(f32(0.0, -0.0, -1.0, -0.0)) == 0
        assert sampling.argmax(f32(-0.0, -1.0, -0.0, -1.0)) == 2

    def test_top_k(self) -> None:
        assert sampling.top_k(f32(1.0, 4.0, 2.0, 3.0), 2).tolist() == [1, 3]
        assert sampling.top_k(f32(1.0, 2.0, 2.0, 2.0), 2).tolist() == [1, 2]
        assert sampling.top_k(f32(1.0, 4.0, 2.0, 3.0), 4).tolist() == [0, 1, 2, 3]

    def test_min_p(self) -> None:
        logits = np.log(f32(0.5, 0.3, 0.15, 0.05))
        assert sampling.min_p(logits, 0.2).tolist() == [0, 1, 2]
        assert sampling.min_p(logits, 1.0).tolist() == [0]

    def test_top_p(self) -> None:
        assert sampling.top_p(f32(0.125, 0.5, 0.25, 0.125), 0.5).tolist() == [1]
        assert sampling.top_p(f32(0.125, 0.5, 0.25, 0.125), 0.51).tolist() == [1, 2]
        assert sampling.top_p(f32(0.25, 0.25, 0.25, 0.25), 0.6).tolist() == [0, 1, 2]

    def test_softmax(self) -> None:
        found = softmax(f32(1.0, 1.0, -200.0, 1.0))
        assert found.tolist() == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3])

    def test_scale_multiplies_by_the_inverse(self) -> None:
        assert sampling.scale(f32(1.0, 2.0), 3.0).tolist() == [
            float(np.float32(1 / 3)),
            float(np.float32(2) * np.float32(1 / 3)),
        ]

    def test_draw_takes_the_coins_side(self) -> None:
        rng, twin = StdRng.seed_from_u64(5), StdRng.seed_from_u64(5)
        coin = (twin.next_u32() >> 9) * 2.0**-23
        assert sampling.draw(f32(0.25, 0.25, 0.25, 0.25), rng) == int(coin * 4)


def plain_top_p(probabilities: NDArray[np.float32], p: float) -> list[int]:
    """Do candle's loop, element by element."""
    total, kept = np.float32(0), []
    for index in sorted(range(probabilities.size), key=lambda i: -probabilities[i]):
        if total >= np.float32(p):
            break
        total = np.float32(total + probabilities[index])
        kept.append(index)
    return sorted(kept)


@given(
    hnp.arrays(np.float32, st.integers(1, 60), elements=st.integers(-80, 80).map(lambda n: n / 4)),
    st.floats(0.01, 0.999),
)
def test_top_p_equals_the_full_sort(logits: NDArray[np.float32], p: float) -> None:
    probabilities = softmax(logits)
    assert sampling.top_p(probabilities, p).tolist() == plain_top_p(probabilities, p)


@given(hnp.arrays(np.float32, st.integers(2, 60), elements=st.integers(0, 8).map(float)), st.integers(0, 2**64 - 1))
def test_drawing_among_what_is_left_equals_drawing_with_zeros(weights: NDArray[np.float32], seed: int) -> None:
    if not weights.any():
        weights[0] = 1
    kept = np.flatnonzero(weights)
    whole = WeightedIndex(weights).sample(StdRng.seed_from_u64(seed))
    assert kept[WeightedIndex(weights[kept]).sample(StdRng.seed_from_u64(seed))] == whole


def test_sums_run_from_the_first_element_to_the_last() -> None:
    values = np.random.default_rng(1).random(5000).astype(np.float32)
    total = np.float32(0)
    for value in values:
        total = np.float32(total + value)
    assert np.add.accumulate(values)[-1] == total


class TestSampler:
    LOGITS = f32(1.0, 4.0, 2.0, 3.0)

    def draws(self, config: SamplerConfig, history: tuple[int, ...] = ()) -> set[int]:
        sampler = NumpySampler(config)
        return {sampler.sample_token(self.LOGITS, history) for _ in range(200)}

    def test_hot_enough_draws_everything(self) -> None:
        assert self.draws(SamplerConfig(1, 5.0)) == {0, 1, 2, 3}

    def test_top_k_then_min_p_then_top_p(self) -> None:
        assert self.draws(SamplerConfig(1, 5.0, top_k=3)) == {1, 2, 3}
        assert self.draws(SamplerConfig(1, 5.0, top_k=3, min_p=0.2)) == {1, 3}
        assert self.draws(SamplerConfig(1, 5.0, top_p=0.3)) == {1}
        assert self.draws(SamplerConfig(1, 5.0, top_k=3, top_p=0.3)) == {1}

    def test_min_p_does_not_depend_on_the_temperature(self) -> None:
        assert self.draws(SamplerConfig(1, 50.0, min_p=0.2)) == {1, 3}

    def test_values_that_mean_off(self) -> None:
        plain, off = NumpySampler(SamplerConfig(3, 1.5)), NumpySampler(SamplerConfig(3, 1.5, 1.0, 0, 0.0, 1.0, 0))
        for _ in range(50):
            assert plain.sample_token(self.LOGITS, [1]) == off.sample_token(self.LOGITS, [1])

    def test_penalty_reaches_back_so_many_tokens(self) -> None:
        config = SamplerConfig(repeat_penalty=10.0, repeat_last_n=2)
        assert NumpySampler(config).sample_token(self.LOGITS, [0, 1, 3]) == 2
        assert NumpySampler(config).sample_token(self.LOGITS, [1, 3, 0, 2]) == 1

    def test_the_same_seed_gives_the_same_tokens(self) -> None:
        one, other = NumpySampler(SamplerConfig(7, 2.0)), NumpySampler(SamplerConfig(7, 2.0))
        assert [one.sample_token(self.LOGITS, []) for _ in range(50)] == [
            other.sample_token(self.LOGITS, []) for _ in range(50)
        ]

    @pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
    @pytest.mark.parametrize("temperature", [None, 0.7])
    def test_refuses_logits_that_are_not_finite(self, bad: float, temperature: float | None) -> None:
        with pytest.raises(NumericsError):
            NumpySampler(SamplerConfig(0, temperature)).sample_token(f32(0.0, bad), [])
        with pytest.raises(NumericsError):
            LogitsProcessor(0, temperature, None).sample(f32(0.0, bad))

    def test_refuses_logits_that_the_temperature_makes_infinite(self) -> None:
        with pytest.raises(NumericsError):
            NumpySampler(SamplerConfig(0, 1e-6)).sample_token(f32(3e38, 0.0), [])

    @pytest.mark.parametrize(
        "setting",
        [
            {"seed": -1},
            {"seed": 2**64},
            {"temperature": -0.1},
            {"temperature": float("nan")},
            {"temperature": float("inf")},
            {"top_p": 1.1},
            {"top_k": -1},
            {"min_p": -0.5},
            {"repeat_penalty": 0.0},
            {"repeat_last_n": -1},
            {"dry_multiplier": -0.1},
            {"dry_multiplier": float("inf")},
            {"dry_base": 0.99},
            {"dry_base": float("nan")},
            {"dry_allowed_length": 0},
            {"dry_allowed_length": 51},
            {"dry_allowed_length": 2.5},
            {"dry_last_n": -2},
            {"dry_sequence_breakers": ("",)},
            {"dry_sequence_breakers": ("x" * 41,)},
            {"dry_sequence_breakers": ("x",) * 65},
            {"xtc_probability": 1.01},
            {"xtc_threshold": -0.1},
            {"xtc_threshold": float("nan")},
        ],
        ids=str,
    )
    def test_refuses_settings_out_of_range(self, setting: dict[str, Any]) -> None:
        with pytest.raises(InvalidSettingError) as caught:
            SamplerConfig(**setting)
        [name] = setting
        assert caught.value.details["setting"] == name
        assert name in caught.value.message


class TestXtc:
    """By p-e-w's pull request to text-generation-webui: the least likely of those at the threshold stays."""

    WEIGHTS = f32(0.05, 0.4, 0.25, 0.3)

    @pytest.mark.parametrize(
        ("threshold", "left"),
        [
            (0.5, [0, 1, 2, 3]),  # none reaches it
            (0.4, [0, 1, 2, 3]),  # one does
            (0.3, [0, 2, 3]),
            (0.25, [0, 2]),
            (0.1, [0, 2]),
            (0.0, [0]),
        ],
    )
    def test_leaves_the_least_likely_top_choice(self, threshold: float, left: list[int]) -> None:
        weights = sampling.exclude_top_choices(self.WEIGHTS, threshold)
        assert np.flatnonzero(weights).tolist() == left
        assert weights[left].tolist() == self.WEIGHTS[left].tolist()

    def test_of_equals_the_last_one_stays(self) -> None:
        assert np.flatnonzero(sampling.exclude_top_choices(f32(0.3, 0.3, 0.3, 0.1), 0.2)).tolist() == [2, 3]

    def test_is_about_shares_of_what_is_left(self) -> None:
        assert np.flatnonzero(sampling.exclude_top_choices(f32(0.02, 0.02), 0.5)).tolist() == [1]

    def test_a_weight_of_zero_is_no_choice(self) -> None:
        assert np.flatnonzero(sampling.exclude_top_choices(f32(0.0, 0.5, 0.5), 0.0)).tolist() == [2]

    def test_the_coin_is_drawn_before_the_token_and_only_where_xtc_is_on(self) -> None:
        logits = np.log(f32(0.4, 0.35, 0.2, 0.05))
        twin, chosen, expected = StdRng.seed_from_u64(9), [], []
        sampler = NumpySampler(SamplerConfig(9, 1.0, xtc_probability=0.5, xtc_threshold=0.3))
        for _ in range(200):
            chosen.append(sampler.sample_token(logits, []))
            fell = (twin.next_u32() >> 9) * 2.0**-23 < 0.5
            left = [1, 2, 3] if fell else [0, 1, 2, 3]
            weights = softmax(logits)[left]
            expected.append(left[WeightedIndex(weights).sample(twin)])
        assert chosen == expected

    @pytest.mark.parametrize("off", [{"xtc_probability": 0.0}, {"xtc_probability": 1.0, "xtc_threshold": 0.51}])
    def test_off_it_draws_nothing(self, off: dict[str, Any]) -> None:
        logits = f32(1.0, 4.0, 2.0, 3.0)
        plain, other = NumpySampler(SamplerConfig(4, 1.5)), NumpySampler(SamplerConfig(4, 1.5, **off))
        assert [plain.sample_token(logits, []) for _ in range(50)] == [
            other.sample_token(logits, []) for _ in range(50)
        ]

    def test_the_likeliest_token_is_taken_without_a_temperature(self) -> None:
        config = SamplerConfig(0, None, xtc_probability=1.0, xtc_threshold=0.0)
        assert NumpySampler(config).sample_token(f32(1.0, 4.0, 2.0), []) == 1


class TestBan:
    LOGITS = f32(1.0, 4.0, 2.0, 3.0)

    def test_banned_tokens_are_never_chosen(self) -> None:
        sampler = NumpySampler(SamplerConfig(1, 5.0))
        assert {sampler.sample_token(self.LOGITS, [], [1, 3, 9]) for _ in range(100)} == {0, 2}
        assert NumpySampler(SamplerConfig()).sample_token(self.LOGITS, [], [1]) == 3

    def test_filters_look_at_what_is_left(self) -> None:
        sampler = NumpySampler(SamplerConfig(1, 5.0, top_k=2))
        assert {sampler.sample_token(self.LOGITS, [], [1]) for _ in range(100)} == {2, 3}

    def test_a_ban_of_all_is_none(self) -> None:
        assert NumpySampler(SamplerConfig()).sample_token(self.LOGITS, [], range(4)) == 1


def test_refuses_a_temperature_that_is_no_number() -> None:
    with pytest.raises(InvalidSettingError):
        LogitsProcessor(0, float("nan"), None)


def test_a_large_vocabulary_takes_milliseconds() -> None:
    logits = (np.random.default_rng(2).standard_normal(49_152) * 3).astype(np.float32)
    sampler = NumpySampler(SamplerConfig(0, 0.8, 0.9))
    best = min(_seconds(sampler, logits) for _ in range(20))
    assert best < 0.02  # some 2 ms on a laptop of 2024; this only catches another order of growth


def _seconds(sampler: NumpySampler, logits: NDArray[np.float32]) -> float:
    start = time.perf_counter()
    sampler.sample_token(logits, [])
    return time.perf_counter() - start
