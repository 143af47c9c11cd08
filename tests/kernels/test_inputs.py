# SPDX-License-Identifier: Apache-2.0
"""Inputs by name: a graph of numbers alone, with no text, cache or vocabulary, and an encoder that is given its input
apart from the decoder's text."""

import asyncio
import inspect
from collections.abc import Awaitable, Mapping
from typing import TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from fixtures.families import SOURCE, TEXT
from fixtures.t5_files import tiny_t5
from kernels.harness import Harness
from taleproof.device.base import DirectDevice, DirectGraph, Graph, GraphSpec, Output, as_floats
from taleproof.device.numpy import NumpyDevice
from taleproof.device.wasm import Spec, WasmDevice
from taleproof.errors import ContextOverflowError, NumericsError
from taleproof.graph.ops import A, C, Ops
from taleproof.graph.step import Inputs, Step
from taleproof.nn.cache import CacheShape, KVCache
from taleproof.tasks.encoder_decoder import EncoderDecoder, GraphBackend
from taleproof.tasks.engine import Engine, Session, open_numpy, open_wasm


Floats = NDArray[np.float32]
P = TypeVar("P")
W = TypeVar("W")

ROWS, COLUMNS, OUT = 5, 32, 7
DEVICES = ["numpy", "wasm"]

# Whole numbers so small that every sum is exact: two devices that compute in another order give the same bits.
RNG = np.random.default_rng(3)
WEIGHT = RNG.integers(-8, 9, (OUT, COLUMNS)).astype(np.float32)
PICTURE = RNG.integers(-64, 65, (ROWS, COLUMNS)).astype(np.float32)
BESIDE = RNG.integers(-64, 65, (ROWS, OUT)).astype(np.float32)

ENCODER = np.random.default_rng(5).standard_normal((8, COLUMNS), np.float32)
TABLE = np.random.default_rng(6).standard_normal((8, 8), np.float32)


def toy(ops: Ops[A, W, C], weight: W) -> A:
    """Return relu(picture @ weight.T) / 4 + beside, where the first input is read again when others lie beside it."""
    seen = ops.relu(ops.linear(ops.input("picture", COLUMNS), weight))
    x = ops.add(ops.scale(seen, 0.25), ops.input("beside", OUT))
    again = ops.linear(ops.input("picture", COLUMNS), weight)
    return ops.add(x, ops.scale(again, 2.0))


def compiled(device: str, rows: int = ROWS, threads: int = 1) -> DirectGraph:
    def made(on: DirectDevice[P, A, W, C], weight: W) -> DirectGraph:
        spec: GraphSpec[A, W, C] = GraphSpec(lambda ops: toy(ops, weight), rows, "the toy's output")
        return on.compile({"toy": spec})["toy"]

    if device == "numpy":
        return made(NumpyDevice(), WEIGHT)
    harness = Harness("relaxed", threads)
    return made(WasmDevice(harness.arena), harness.floats(WEIGHT))


def run(graph: DirectGraph, inputs: Inputs, rows: int = ROWS) -> Floats:
    output = graph.run(Step(rows, 0, inputs))
    assert output is not None
    return as_floats(output).reshape(rows, OUT)


def expected(picture: Floats, beside: Floats) -> Floats:
    product = picture.astype(np.float64) @ WEIGHT.T
    return (np.maximum(product, 0) / 4 + beside + 2 * product).astype(np.float32)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_graph_of_numbers_alone_gives_the_same_bits_on_both_devices(threads: int) -> None:
    graphs = compiled("numpy"), compiled("wasm", threads=threads)
    for rows in (ROWS, 1, 3, ROWS):  # a graph runs any number of times
        picture, beside = PICTURE[-rows:], BESIDE[:rows]
        for graph in graphs:
            found = run(graph, {"beside": beside, "picture": picture}, rows)
            assert found.tobytes() == expected(picture, beside).tobytes()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"picture": PICTURE[:, 1:]}, r"picture must be float32 of the shape \(5, 32\)"),
        ({"picture": PICTURE[1:]}, r"picture must be float32 of the shape \(5, 32\)"),
        ({"picture": PICTURE.astype(np.float64)}, "picture must be float32"),
        ({"picture": [1, 2, 3, 4, 5]}, "picture must be float32"),
        ({"beside": None}, "beside must be float32"),
    ],
)
def test_an_input_that_is_not_as_the_graph_reads_it_is_named(
    device: str, changed: Mapping[str, object], message: str
) -> None:
    inputs = {"picture": PICTURE, "beside": BESIDE, **changed}
    with pytest.raises(ValueError, match=message):
        run(compiled(device), inputs)  # type: ignore[arg-type]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("rows", [0, ROWS + 1])
def test_a_step_has_as_many_rows_as_there_is_room_for(device: str, rows: int) -> None:
    inputs = {"picture": np.zeros((rows, COLUMNS), np.float32), "beside": np.zeros((rows, OUT), np.float32)}
    with pytest.raises(ValueError, match="a step of 1 to 5 rows"):
        run(compiled(device), inputs, rows)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", ["picture", "beside"])
def test_an_input_that_is_not_finite_is_named(device: str, name: str) -> None:
    inputs = {"picture": PICTURE.copy(), "beside": BESIDE.copy()}
    inputs[name][2, 3] = np.nan
    with pytest.raises(NumericsError, match=f"the input {name}"):
        run(compiled(device), inputs)


@pytest.mark.parametrize("device", DEVICES)
def test_ids_have_a_name_too(device: str) -> None:
    def made(on: DirectDevice[P, A, W, C], table: W) -> DirectGraph:
        spec: GraphSpec[A, W, C] = GraphSpec(lambda ops: ops.embedding(table, "labels"), 4)
        return on.compile({"rows": spec})["rows"]

    harness = Harness("relaxed")
    wasm = WasmDevice(harness.arena)
    graph = made(NumpyDevice(), WEIGHT) if device == "numpy" else made(wasm, harness.floats(WEIGHT))
    ids = [3, 0, 6]
    found = graph.run(Step(3, 0, {"labels": ids, "ids": [1, 1, 1]}))
    assert found is not None
    assert as_floats(found).tobytes() == WEIGHT[ids].tobytes()
    wrongs: list[Inputs] = [{"ids": ids}, {"labels": ids[1:]}, {"labels": PICTURE[:3]}]
    for wrong in wrongs:
        with pytest.raises(ValueError, match="labels must be 3 ids"):
            graph.run(Step(3, 0, wrong))


def test_a_step_of_the_kernels_has_ids_once() -> None:
    harness = Harness("relaxed")
    table = harness.floats(WEIGHT)
    spec: Spec = GraphSpec(lambda ops: ops.add(ops.embedding(table, "a"), ops.embedding(table, "b")), 4)
    with pytest.raises(ValueError, match="one input of ids, a, and not b"):
        WasmDevice(harness.arena).compile({"two": spec})


def test_a_device_may_answer_later() -> None:
    """What a Graph promises is enough for one that is awaited, as a GPU's is; a DirectGraph is one that is not."""

    class Later:
        def __init__(self, graph: DirectGraph) -> None:
            self._graph = graph

        async def run(self, step: Step) -> Output:
            await asyncio.sleep(0)
            return self._graph.run(step)

    async def answer(graph: Graph) -> Floats:
        output = graph.run(Step(ROWS, 0, {"picture": PICTURE, "beside": BESIDE}))
        row = await output if inspect.isawaitable(output) else output
        assert row is not None
        assert not isinstance(row, Awaitable)
        return as_floats(row).reshape(ROWS, OUT)

    for graph in (compiled("wasm"), Later(compiled("wasm"))):
        assert asyncio.run(answer(graph)).tobytes() == expected(PICTURE, BESIDE).tobytes()


def t5(device: str) -> Engine:
    blob, file = tiny_t5("t5")
    if device == "numpy":
        return open_numpy([blob], file)
    arena = Harness("relaxed").arena
    base = arena.allocate(blob.size)
    arena.write(base, blob.read(0, blob.size))
    return open_wasm(arena, file, [base])


@pytest.mark.parametrize("device", DEVICES)
def test_an_encoders_input_need_not_lie_in_the_texts_sequence(device: str) -> None:
    session = t5(device).session(64)
    session.forward(SOURCE, logits="none")
    in_sequence = session.forward(TEXT, logits="all").tobytes()
    session.encode({"ids": SOURCE[:4]})
    other = session.forward(TEXT, logits="all").tobytes()
    session.encode({"ids": SOURCE})
    apart = session.forward(TEXT, logits="all").tobytes()
    session.rewind(0)  # the text begins anew, after the same input
    assert session.forward(TEXT, logits="all").tobytes() == apart == in_sequence != other
    session.rewind(0)  # a sequence that begins with an encoder's input is read as ever
    session.forward(SOURCE, logits="none")
    assert session.forward(TEXT, logits="all").tobytes() == in_sequence


def test_what_an_encoder_cannot_read_is_refused() -> None:
    session = t5("wasm").session(32)
    with pytest.raises(ValueError, match="token ids must be from 0"):
        session.encode({"ids": [1, 1 << 20]})
    with pytest.raises(ContextOverflowError):
        session.encode({"ids": [1] * 33})
    with pytest.raises(ValueError, match="ids must be 5 ids"):
        session.encode({"audio": PICTURE})
    with pytest.raises(ValueError, match="the encoder's input and the token 0"):
        session.forward(TEXT)


def encode_audio(ops: Ops[A, W, C], cache: KVCache[C], weight: W) -> A:
    """An encoder of audio (T, COLUMNS), with keys and values of one head for cross-attention."""
    x = ops.linear(ops.input("audio", COLUMNS), weight)
    ops.write_keys(cache.keys[0], x)
    ops.write_values(cache.values[0], x)
    return x


def decode_text(ops: Ops[A, W, C], cache: KVCache[C], table: W) -> A:
    """A decoder whose logits are its cross-attention to the audio."""
    return ops.attention(ops.embedding(table), cache.keys[0], cache.values[0], 0.125, kind="cross")


def listener(device: str) -> Session:
    """A model whose encoder reads sounds and no text: token 0 begins the decoder's."""

    def made(on: DirectDevice[P, A, W, C], weight: W, table: W) -> Session:
        cache = on.cache(CacheShape(1, 1, 8), 32)
        read: GraphSpec[A, W, C] = GraphSpec(lambda ops: encode_audio(ops, cache, weight), 32, "the sounds")
        write: GraphSpec[A, W, C] = GraphSpec(lambda ops: decode_text(ops, cache, table), 32)
        graphs = on.compile({"encode": read, "all": write, "last": write, "none": write})
        return Session(EncoderDecoder(GraphBackend(graphs), 0), 32, 8)

    if device == "numpy":
        return made(NumpyDevice(), ENCODER, TABLE)
    harness = Harness("relaxed")
    return made(WasmDevice(harness.arena), harness.floats(ENCODER), harness.floats(TABLE))


def test_an_encoder_reads_sounds_and_its_decoder_writes_of_them() -> None:
    sounds = np.random.default_rng(7).standard_normal((9, COLUMNS), np.float32)
    text = [0, 5, 2]
    made: dict[str, Floats] = {}
    for device in DEVICES:
        session = listener(device)
        session.encode({"audio": sounds})
        made[device] = session.forward(text, logits="all")
        session.rewind(0)
        one_by_one = [session.forward([token]) for token in text]
        assert np.concatenate(one_by_one).tobytes() == made[device].tobytes() or device == "numpy"
        session.encode({"audio": sounds[:2]})
        assert np.abs(session.forward(text, logits="all") - made[device]).max() > 0.1
    x = sounds @ ENCODER.T
    scores = TABLE[text] @ x.T * np.float32(0.125)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    right = weights / weights.sum(axis=1, keepdims=True) @ x
    np.testing.assert_allclose(made["numpy"], right, atol=1e-5)
    np.testing.assert_allclose(made["wasm"], right, atol=0.01 * right.std())
