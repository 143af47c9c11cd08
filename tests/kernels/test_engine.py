# SPDX-License-Identifier: Apache-2.0
"""Whole tiny models on the kernels: the same bits however a prompt is cut, and what is refused."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fixtures.gguf_writer import Layout, Tensor, write
from fixtures.make import TYPE_NAMES, gguf_tensor, model_keys, tiny_gguf, tiny_llama2c
from fixtures.rotary import read_rotary
from fixtures.tiny import Shape, weights
from taleproof.errors import ContextOverflowError, MissingTensorError, NumericsError, UnknownTensorError
from taleproof.formats import ModelFile, parse
from taleproof.io.reader import BytesBlob
from taleproof.memory.kernels import BUILDS
from taleproof.memory.wasmtime import WasmtimeArena
from taleproof.tasks.engine import PREFILL_BATCH, Engine, open_numpy, open_wasm


Floats = NDArray[np.float32]
IDS = [int(i) for i in np.random.default_rng(0).integers(0, 300, 70)]
SHAPE = Shape()


def opened(data: bytes, build: str = "relaxed", threads: int = 1) -> Engine:
    arena = WasmtimeArena(build, threads=threads)
    base = arena.allocate(len(data))
    arena.write(base, data)
    return open_wasm(arena, parse(BytesBlob(data)), [base])


def opened_numpy(data: bytes) -> Engine:
    blob = BytesBlob(data)
    return open_numpy([blob], parse(blob))


def all_logits(engine: Engine, cuts: Sequence[int], ids: Sequence[int] = IDS) -> Floats:
    """Return the logits of every token, the prompt cut in steps at ``cuts``."""
    session = engine.session()
    edges = sorted({0, *cuts, *range(0, len(ids), PREFILL_BATCH), len(ids)})
    steps = [session.forward(ids[a:b], logits="all") for a, b in pairwise(edges)]
    return np.concatenate([step for step in steps if step is not None])


@pytest.mark.parametrize("type_name", TYPE_NAMES)
def test_every_block_type_runs_like_the_numpy_reference_and_alike_in_both_builds(type_name: str) -> None:
    data = tiny_gguf(type_name)
    expected = all_logits(opened_numpy(data), [])
    relaxed, baseline = (all_logits(opened(data, build), [1, 5, 33]) for build in BUILDS)
    assert relaxed.tobytes() == baseline.tobytes()
    # Activations of 8 bits in a random network of two layers: two percent of the logits' spread, some more at worst.
    # Weights that are floats leave the activations as they are; then the attention's 12 bits are what is left.
    typical, worst = (0.001, 0.01) if type_name in ("F32", "F16", "BF16") else (0.025, 0.15)
    assert np.sqrt(np.square(relaxed - expected).mean()) < typical * expected.std()
    assert np.abs(relaxed - expected).max() < worst * expected.std()


@pytest.mark.parametrize("type_name", ["F32", "BF16", "Q4_0", "Q4_K", "Q6_K", "IQ4_XS", "MXFP4", "TQ2_0"])
def test_a_big_endian_file_runs_like_a_little_endian_one(type_name: str) -> None:
    big = tiny_gguf(type_name, layout=Layout(3, big_endian=True))
    expected = tiny_gguf(type_name)
    assert all_logits(opened(big), [5]).tobytes() == all_logits(opened(expected), [5]).tobytes()
    assert all_logits(opened_numpy(big), []).tobytes() == all_logits(opened_numpy(expected), []).tobytes()


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("tied", [True, False])
def test_llama2c_files_run_like_the_numpy_reference(version: int, tied: bool) -> None:
    data = tiny_llama2c(version, tied=tied)
    expected = all_logits(opened_numpy(data), [])
    assert np.abs(all_logits(opened(data), [3]) - expected).max() < 0.01 * expected.std()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return opened(tiny_gguf("Q4_1", tied=False))


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(1, len(IDS) - 1), max_size=6))
def test_any_split_of_a_prompt_gives_the_same_logits(engine: Engine, cuts: list[int]) -> None:
    assert all_logits(engine, cuts).tobytes() == all_logits(engine, range(1, len(IDS))).tobytes()


@pytest.mark.parametrize("shares", [2, 3, 4, 8])
def test_any_number_of_shares_gives_the_same_logits(engine: Engine, shares: int) -> None:
    shared = opened(tiny_gguf("Q4_1", tied=False), threads=shares)
    assert all_logits(shared, [1, 2, 50]).tobytes() == all_logits(engine, []).tobytes()


def test_the_last_logits_are_those_of_the_last_token(engine: Engine) -> None:
    session = engine.session()
    last = session.forward(IDS)
    assert last is not None
    assert last.tobytes() == all_logits(engine, [])[-1:].tobytes()
    assert session.position == len(IDS)


def test_a_rewound_session_goes_on_as_if_nothing_had_been(engine: Engine) -> None:
    session = engine.session()
    session.forward(IDS[:40], logits="none")
    session.rewind(20)
    again = session.forward(IDS[20:])
    assert again is not None
    assert again.tobytes() == all_logits(engine, [])[-1:].tobytes()


def test_a_text_longer_than_the_context_is_refused_with_both_numbers(engine: Engine) -> None:
    session = engine.session(32)
    with pytest.raises(ContextOverflowError) as caught:
        session.forward(IDS)
    assert caught.value.details == {"tokens": 70, "context": 32}
    assert session.position == 0


def test_ids_outside_the_vocabulary_are_refused(engine: Engine) -> None:
    for bad in (-1, 300):
        with pytest.raises(ValueError, match="token ids"):
            engine.session().forward([bad])


def gguf_with(changes: dict[str, Floats | None]) -> bytes:
    """Return a tiny model with some of its tensors changed, added or left out."""
    arrays = {name: array for name, array in {**weights(SHAPE), **changes}.items() if array is not None}
    tensors: list[Tensor] = [gguf_tensor(name, "F32", array) for name, array in arrays.items()]
    return write(model_keys(SHAPE), tensors)


def test_a_missing_tensor_is_named() -> None:
    data = gguf_with({"blk.1.ffn_up.weight": None})
    for open_it in (opened, opened_numpy):
        with pytest.raises(MissingTensorError, match=r"blk\.1\.ffn_up\.weight"):
            open_it(data)


def test_a_tensor_of_another_shape_is_refused() -> None:
    with pytest.raises(MissingTensorError, match=r"shape is \(256,\)"):
        opened(gguf_with({"blk.0.ffn_up.weight": np.zeros(256, np.float32)}))


def test_a_tensor_that_the_architecture_does_not_have_is_refused() -> None:
    with pytest.raises(UnknownTensorError, match=r"blk\.0\.attn_sinks\.weight"):
        opened(gguf_with({"blk.0.attn_sinks.weight": np.zeros(4, np.float32)}))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["blk.1.ffn_up.weight", "blk.1.ffn_norm.weight"])
def test_weights_that_are_not_finite_are_refused_when_loaded(name: str, bad: float) -> None:
    broken = weights(SHAPE)[name].copy()
    broken.flat[9] = bad
    for open_it in (opened, opened_numpy):
        with pytest.raises(NumericsError) as caught:
            open_it(gguf_with({name: broken}))
        assert caught.value.details == {"where": f"the tensor {name}"}


@pytest.mark.parametrize("scale", [np.nan, np.inf])
def test_a_block_whose_scale_is_not_finite_is_refused_when_loaded(scale: float) -> None:
    arrays = weights(SHAPE)
    tensors = [gguf_tensor(name, "Q4_1" if array.ndim == 2 else "F32", array) for name, array in arrays.items()]
    [at] = [i for i, tensor in enumerate(tensors) if tensor.name == "blk.1.ffn_down.weight"]
    half = np.array(scale, "<f2").tobytes()
    tensors[at] = replace(tensors[at], data=tensors[at].data[:-20] + half + tensors[at].data[-18:])
    for open_it in (opened, opened_numpy):
        with pytest.raises(NumericsError) as caught:
            open_it(write(model_keys(SHAPE), tensors))
        assert caught.value.details == {"where": "the tensor blk.1.ffn_down.weight"}


@pytest.mark.parametrize(
    ("name", "factor", "where"),
    [
        # What the tensor makes is finite still; its square, in the next norm, is not.
        ("blk.0.ffn_down.weight", 1e37, "layer 2 of 2, at the tensor blk.1.attn_norm.weight"),
        ("token_embd.weight", 1e37, "layer 1 of 2, at the tensor blk.0.attn_norm.weight"),
        ("blk.1.ffn_down.weight", 1e37, "the output layer, at the tensor output_norm.weight"),
        ("blk.1.attn_q.weight", 2e38, "layer 2 of 2, at the tensor blk.1.attn_q.weight"),
        ("blk.1.attn_output.weight", 2e38, "layer 2 of 2, at the tensor blk.1.attn_output.weight"),
        ("blk.1.ffn_norm.weight", 2e38, "layer 2 of 2, at the tensor blk.1.ffn_norm.weight"),
        ("output_norm.weight", 6e37, "the output layer, at the tensor output_norm.weight"),
    ],
)
def test_numbers_that_stop_being_finite_stop_the_run_and_the_place_is_named(
    name: str, factor: float, where: str
) -> None:
    data = gguf_with({name: weights(SHAPE)[name] * np.float32(factor)})
    with np.errstate(all="ignore"):
        for open_it in (opened, opened_numpy):
            session = open_it(data).session()
            with pytest.raises(NumericsError) as caught:
                session.forward(IDS[:5])
            assert caught.value.details == {"where": where}


def rope_file(keys: dict[str, object]) -> ModelFile:
    return parse(
        BytesBlob(
            write(model_keys(SHAPE) | keys, [gguf_tensor("token_embd.weight", "F32", np.zeros((4, 256), np.float32))])
        )
    )


def test_rope_scalings() -> None:
    plain = read_rotary(rope_file({}), "llama", 64, neox_layout=False)
    assert np.allclose(plain.frequencies, 10000.0 ** (-np.arange(32) / 32), rtol=1e-15)
    linear = read_rotary(
        rope_file({"llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4.0}),
        "llama",
        64,
        neox_layout=False,
    )
    assert np.allclose(linear.frequencies, plain.frequencies / 4, rtol=1e-15)
    yarn_keys = {
        "llama.rope.scaling.type": "yarn",
        "llama.rope.scaling.factor": 4.0,
        "llama.rope.scaling.original_context_length": 2048,
    }
    yarn = read_rotary(rope_file(yarn_keys), "llama", 64, neox_layout=False)
    ratio = plain.frequencies / yarn.frequencies
    assert ratio[0] == 1.0  # fast dimensions stay
    assert np.isclose(ratio[-1], 4.0)  # slow ones are interpolated
    assert (np.diff(ratio) >= 0).all()
    assert np.isclose(yarn.magnitude, 0.1 * np.log(4.0) + 1)
    factors = np.linspace(1, 32, 32).astype(np.float32)
    scaled = read_rotary(rope_file({}), "llama", 64, neox_layout=False, factors=factors)
    assert np.allclose(scaled.frequencies, plain.frequencies / factors, rtol=1e-15)
