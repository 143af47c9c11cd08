# SPDX-License-Identifier: Apache-2.0
"""The fast device: the kernels, on weights where they lie in an arena. Each step is traced once, into a program."""

from collections.abc import Mapping, Sequence

from taleproof.device.base import GraphSpec, Output, check_rows
from taleproof.device.threads import ThreadPolicy
from taleproof.errors import NumericsError
from taleproof.formats import ModelFile
from taleproof.graph.program import INSTRUCTION_BYTES, Program, Value, encode, plan
from taleproof.graph.step import Step, floats_of, pack_step, step_bytes
from taleproof.graph.trace import ArenaCache, ArenaTensor, WasmOps
from taleproof.memory.arena import Arena, ArenaFloats
from taleproof.nn.cache import CacheShape, KVCache
from taleproof.nn.kv_cache import allocate_in_arena
from taleproof.nn.weights import ArenaTensors


Spec = GraphSpec[Value, ArenaTensor, ArenaCache]


class WasmDevice:
    """A Device whose places are offsets in its arena.

    Steps of one row are bound by memory, those of several by arithmetic, so each kind has a policy of its own.
    """

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self._one_row = ThreadPolicy(arena.threads)
        self._several_rows = ThreadPolicy(arena.threads)

    def weights(self, file: ModelFile, places: Sequence[int]) -> ArenaTensors:
        """Return the weights where they lie; they are repacked there."""
        return ArenaTensors(self.arena, file, places)

    def cache(self, shape: CacheShape, positions: int) -> KVCache[ArenaCache]:
        """Return a cache in the arena."""
        return allocate_in_arena(self.arena, shape, positions)

    def compile(self, specs: Mapping[str, Spec]) -> Mapping[str, "WasmGraph"]:
        """Return programs in the arena, which share one scratch and one step."""
        programs = {name: _trace(self.arena, spec) for name, spec in specs.items()}
        plans = {name: plan(program, specs[name].max_rows) for name, program in programs.items()}
        scratch = self.arena.allocate(max(size for _, size in plans.values()))
        step = self.arena.allocate(step_bytes(max(spec.max_rows for spec in specs.values())))
        return {
            name: WasmGraph(self, specs[name], program, plans[name][0], scratch, step)
            for name, program in programs.items()
        }

    def run(self, program: int, count: int, step: int, rows: int) -> None:
        """Run a program's first instructions, on as many threads as were asked for, or as are fastest."""

        def run(threads: int) -> None:
            self.arena.run(program, count, step, threads)

        if self.arena.threads_asked:
            run(self.arena.threads_asked)
        else:
            (self._one_row if rows == 1 else self._several_rows).run(rows, run)


def _trace(arena: Arena, spec: Spec) -> Program:
    ops = WasmOps(arena)
    ops.program.result = spec.trace(ops)
    return ops.program


class WasmGraph:
    """A program in the arena.

    Parameters
    ----------
    offsets : of the program's values in the scratch.
    scratch, step : addresses.
    """

    def __init__(
        self, device: WasmDevice, spec: Spec, program: Program, offsets: Mapping[Value, int], scratch: int, step: int
    ) -> None:
        self._device, self._arena = device, device.arena
        self._spec, self._program, self._offsets = spec, program, offsets
        self._scratch, self._step = scratch, step
        words = encode(program, offsets, scratch, spec.max_rows)
        self._address = self._arena.allocate(len(words))
        self._arena.write(self._address, words)

    def run(self, step: Step) -> Output:
        """Run a step; what it ends in stays in the arena."""
        check_rows(step, self._spec.max_rows)
        self._write(step)
        self._device.run(self._address, len(self._program.instructions), self._step, step.rows)
        if self._spec.result is None:
            return None
        assert self._program.result is not None
        result = self._floats(self._program.result, step.rows)
        if not self._finite(result):
            raise NumericsError(self._first_not_finite(step))
        return result

    def _write(self, step: Step) -> None:
        self._arena.write(self._step, pack_step(self._step, step, self._program.ids))
        for name, value in self._program.inputs.items():
            floats = floats_of(step, name, value.columns)
            self._arena.write(self._scratch + self._offsets[value], floats.astype("<f4").tobytes())

    def _floats(self, value: Value, rows: int) -> ArenaFloats:
        size = (value.rows or rows) * value.columns
        return ArenaFloats(self._arena, self._scratch + self._offsets[value], size)

    def _finite(self, floats: ArenaFloats) -> bool:
        return bool(self._arena.call("all_finite", floats.offset, floats.size))

    def _first_not_finite(self, step: Step) -> str:
        """Run the step again from place to place; the cache's rows are only written over with the same."""
        self._write(step)  # other values may lie where the inputs were
        done = 0
        for name, count, value in self._program.marks:
            start = self._address + done * INSTRUCTION_BYTES
            self._arena.run(start, count - done, self._step, 1)
            done = count
            if not self._finite(self._floats(value, step.rows)):
                return name
        return str(self._spec.result)
