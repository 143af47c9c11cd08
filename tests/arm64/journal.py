# SPDX-License-Identifier: Apache-2.0
"""A journal of all that the engine asks of its arena, for comparing processors and WebAssembly engines.

``python tests/arm64/journal.py FOLDER`` runs each case under wasmtime and writes two files for it: NAME.json, the
events, and NAME.bin, the bytes that they write. Two machines that compute the same write the same files. replay.mjs
carries the events out in V8, and compares every byte that was read and every number that a kernel returned.
"""

import argparse
import hashlib
import itertools
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

import golden
from golden import Run
from kernels.harness import HALF_FIELDS, QUANTISED, Floats, Harness
from taleproof.graph.program import Value
from taleproof.graph.trace import ArenaTensor, WasmOps
from taleproof.memory.arena import Buffer
from taleproof.memory.kernels import BUILDS
from taleproof.memory.wasmtime import WasmtimeArena
from taleproof.nn.numerics import NUMERICS_VERSION
from taleproof.quant import BLOCK_TYPES


BASELINE_MODELS = ("stories260K", "tiny Q4_1", "tiny Q8_0", "tiny Q6_K")
BASELINE_RUNS = 4
"""The second build writes a few models' first golden runs: what it computes in another way is in ``values`` too."""

SMOLLM2_TOKENS = 3

Event = list[str | int | list[int | float]]


class JournalArena(WasmtimeArena):
    """A WasmtimeArena that notes what is asked of it.

    Attributes
    ----------
    events : in order; what each is, is said where it is added.
    any_nan : reads are compared as float32 numbers, in which one NaN is as good as another: WebAssembly leaves a NaN's
        sign and payload open (core specification, 4.3.3).
    """

    def __init__(self, build: str) -> None:
        self.events: list[Event] = []
        self.any_nan = False
        self._data = bytearray()
        super().__init__(build)
        self.events.clear()  # the kernels' own check, which leaves memory as it was
        self._data.clear()

    def write(self, offset: int, data: Buffer) -> None:
        super().write(offset, data)
        view = memoryview(data).cast("B")
        self.events.append(["write", offset, len(self._data), len(view)])
        self._data += view

    def read(self, offset: int, nbytes: int) -> bytes:
        data = super().read(offset, nbytes)
        kind, compared = ("read-floats", with_one_nan(data)) if self.any_nan else ("read", data)
        self.events.append([kind, offset, nbytes, hashlib.sha256(compared).hexdigest()])
        return data

    def call(self, kernel: str, *arguments: int | float) -> int:
        value = super().call(kernel, *arguments)
        self.events.append(["call", kernel, list(arguments), value])
        return value

    def save(self, path: Path) -> None:
        """Write the two files of a case."""
        pages = self._memory.size(self._store)
        lines = ",\n".join(json.dumps(event) for event in self.events)
        text = f'{{"build": "{self.build}", "pages": {pages}, "events": [\n{lines}\n]}}\n'
        path.with_suffix(".json").write_text(text, "utf-8")
        path.with_suffix(".bin").write_bytes(self._data)


def with_one_nan(data: bytes) -> bytes:
    """Return float32 numbers with every NaN as 0x7fc00000."""
    floats = np.frombuffer(data, "<f4").copy()
    floats[np.isnan(floats)] = np.nan
    return floats.tobytes()


def golden_runs(name: str, build: str) -> JournalArena:
    """Write a model's golden runs, and compare them with the file's."""
    kept = golden.kept(golden.path_of(NUMERICS_VERSION))[name]
    arena = JournalArena(build)
    source = golden.sources()[name]
    model = golden.opened_in(arena, source, source.read())
    runs = kept.runs if build == BUILDS[0] else kept.runs[:BASELINE_RUNS]
    for run in runs:
        if model.write(run.request) != run:
            raise AssertionError(f"{name}, {build}: the story after {run.prompt!r} ({run.sampler}) is another one")
    return arena


def first_tokens(build: str) -> JournalArena:
    """Write the first tokens of one SmolLM2 story, and compare them with the golden run's."""
    source = golden.sources()["smollm2"]
    kept: Run = golden.kept(golden.path_of(NUMERICS_VERSION))["smollm2"].runs[0]
    arena = JournalArena(build)
    model = replace(golden.opened_in(arena, source, source.read()), max_tokens=SMOLLM2_TOKENS)
    tokens, expected = model.write(kept.request).tokens, kept.tokens[:SMOLLM2_TOKENS]
    if tokens != expected:
        raise AssertionError(f"smollm2, {build}: tokens {tokens}, not {expected}")
    return arena


BYTES = (0x00, 0xFF, 0x80, 0x7F, 0x88)
"""What a block is filled with: among them the operands of the relaxed dot product at both ends of 7 and 8 bits."""

HALVES = (6e-8, -6e-8, 6e-5, 65504.0)
"""A block's scales: binary16's least denormal, its largest denormal's neighbour, its largest number."""

INPUTS = ((0.0, -0.0), (1e-45, -1e-38), (1.0, -127.0), (1e30, 1e-30), (np.nan, 1.0), (np.inf, -np.inf))
"""What the activations alternate between: zeros, float32's denormals, sizes far apart, and what is no number."""

COLUMNS = 256
HEAD_DIM = 32
ROWS = 9  # eight that are interleaved, and one after them


def values(build: str) -> JournalArena:
    """Compute with numbers at their limits: matmuls of every block type, and the functions of a single number."""
    harness = Harness(build)
    harness.arena = arena = JournalArena(build)
    arena.any_nan = True
    activations = [np.resize(np.array(pair, np.float32), (2, COLUMNS)) for pair in INPUTS]
    every, one = np.concatenate(activations), activations[1][:1]  # a prompt's rows, and a single token's

    def multiply(weight: ArenaTensor) -> None:
        for x in (every, one):
            harness.run(lambda ops, rows: ops.linear(rows[0], weight), [x], ids=[0] * len(x))

    for name in QUANTISED:
        for fill, half in itertools.product(BYTES, HALVES if HALF_FIELDS[name] else (0.0,)):
            block_type = BLOCK_TYPES[name]
            blocks = np.full((ROWS * COLUMNS // block_type.elements, block_type.nbytes), fill, np.uint8)
            for at in HALF_FIELDS[name]:
                blocks[:, at : at + 2] = np.full(1, half, "<f2").view(np.uint8)
            multiply(harness.tensor(name, blocks, (ROWS, COLUMNS)))
    for name, patterns in (("F16", np.arange(0, 1 << 16, 28, dtype="<u2")), ("F32", np.arange(0, 1 << 32, 1860001))):
        data = np.resize(patterns.astype("<u2" if name == "F16" else "<u4"), (ROWS, COLUMNS))
        multiply(harness.tensor(name, np.ascontiguousarray(data).view(np.uint8), (ROWS, COLUMNS)))
    numbers = np.arange(0, 1 << 32, 524287, dtype="<u4").astype("<u4").view("<f4")
    numbers = np.resize(numbers, (len(numbers) // COLUMNS, COLUMNS))
    ids = [0] * len(numbers)
    for trace in MAPS:
        harness.run(on_first(trace), [numbers], ids=ids)
    for key, value in itertools.product(activations, activations):
        attend(harness, key, value)
    return arena


def attend(harness: Harness, key: Floats, value: Floats) -> None:
    """Attend from plain queries to two positions with these keys and values (2, COLUMNS)."""
    query = np.resize(np.linspace(-1, 2, 100, dtype=np.float32), (2, COLUMNS))
    keys, values = (harness.cache(COLUMNS // HEAD_DIM, 64, HEAD_DIM) for _ in range(2))

    def trace(ops: WasmOps, rows: list[Value]) -> Value:
        ops.write_keys(keys, rows[1])
        ops.write_values(values, rows[2])
        return ops.attention(rows[0], keys, values, 0.25)

    harness.run(trace, [query, key, value], ids=[0, 0])


Map = Callable[[WasmOps, Value], Value]

MAPS: tuple[Map, ...] = (
    lambda ops, x: ops.silu_gate(x, x),
    lambda ops, x: ops.gelu(x),
    lambda ops, x: ops.gelu_erf(x),
    lambda ops, x: ops.relu(x),
    lambda ops, x: ops.softcap(x, 30.0),
    lambda ops, x: ops.unit(x),
)


def on_first(trace: Map) -> Callable[[WasmOps, list[Value]], Value]:
    """Return what traces an operation on the first of some values."""
    return lambda ops, rows: trace(ops, rows[0])


def cases() -> dict[str, Callable[[], JournalArena]]:
    """Return what can be run, by name: all models with the first build, a few with the second."""
    models = [name for name in golden.sources() if name != "smollm2"]
    made: dict[str, Callable[[], JournalArena]] = {}
    for build, names in zip(BUILDS, (models, BASELINE_MODELS), strict=True):
        made[f"values-{build}"] = partial(values, build)
        for name in names:
            made[f"{name.replace(' ', '-')}-{build}"] = partial(golden_runs, name, build)
    made[f"smollm2-{BUILDS[0]}"] = partial(first_tokens, BUILDS[0])
    return made


def main() -> None:
    """Write the journals that are asked for, or all."""
    parser = argparse.ArgumentParser(description="Journals of the engine's work, for comparing processors.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="cases; all when none is named")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    every = cases()
    for name in options.names or every:
        every[name]().save(options.folder / name)
        print(name, file=sys.stderr)


if __name__ == "__main__":
    main()
