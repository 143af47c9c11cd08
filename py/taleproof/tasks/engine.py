"""An opened model, and sessions that run it.

In come a ModelFile and its bytes, which have been hashed and found right; out go logits for tokens. The two backends
differ only in how a step is run: numpy computes the forward pass anew each time, wasm runs programs traced once.
"""

from collections.abc import Callable, Sequence
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray

from taleproof.device.threads import Crew
from taleproof.errors import ContextOverflowError, NumericsError
from taleproof.formats import ModelFile
from taleproof.graph.numpy import NumpyOps
from taleproof.graph.program import INSTRUCTION_BYTES, Program, Value, encode, plan
from taleproof.graph.step import pack_step, step_bytes
from taleproof.graph.trace import ArenaCache, ArenaTensor, WasmOps
from taleproof.io.reader import Blob
from taleproof.memory.arena import Arena, ArenaFloats
from taleproof.models import Config, Logits, Model, SourceModel, load_model
from taleproof.nn.cache import KVCache
from taleproof.nn.kv_cache import allocate_arrays, allocate_in_arena
from taleproof.nn.weights import ArenaTensors, NumpyTensors
from taleproof.sampling.chain import Row, Sampler, SamplerConfig, as_floats
from taleproof.sampling.kernel import ArenaSampler, SamplingRoom
from taleproof.sampling.logits_digests import ArenaLogitsTrail, LogitsTrail
from taleproof.tasks.encoder_decoder import Backend, ReadingBackend, SourceReader
from taleproof.tasks.generate import Chooser


PREFILL_BATCH = 32
"""Tokens that one step may have: enough to use each weight many times. A slow machine takes fewer (prefill.py)."""

DEFAULT_CONTEXT = 2048
"""Positions of a session whose caller names none, at most: longer stories than most, at a modest cache."""

Floats = NDArray[np.float32]


class Session:
    """One text in the making: a KV cache and how far it is filled.

    Attributes
    ----------
    n_ctx : positions that the cache has.
    position : tokens in the cache.
    """

    prefill_batch = PREFILL_BATCH

    def __init__(self, backend: Backend, n_ctx: int, vocab_size: int) -> None:
        self._backend = backend
        self._vocab_size = vocab_size
        self.n_ctx = n_ctx
        self.position = 0

    @overload
    def forward(self, ids: Sequence[int], *, logits: Literal["last", "all"] = "last") -> Floats: ...
    @overload
    def forward(self, ids: Sequence[int], *, logits: Logits = ...) -> Floats | None: ...
    def forward(self, ids: Sequence[int], *, logits: Logits = "last") -> Floats | None:
        """Run tokens after those already in the cache, and copy their logits out.

        Parameters
        ----------
        ids : token ids; with ``all``, at most prefill_batch of them.
        logits : for which of them logits are wanted.

        Returns
        -------
        float32 (1, vocab) or (len(ids), vocab), or None with ``none``

        Raises
        ------
        ContextOverflowError : they don't fit in the context.
        NumericsError : a number that is not finite, with the layer where it first appears.
        """
        result = self._run(ids, logits)
        return None if result is None else as_floats(result).reshape(-1, self._vocab_size)

    def step(self, ids: Sequence[int]) -> Row:
        """Run tokens likewise; return the last one's logits (vocab,) where they are, until the next step."""
        result = self._run(ids, "last")
        assert result is not None
        return result

    def _run(self, ids: Sequence[int], logits: Logits) -> Row | None:
        if self.position + len(ids) > self.n_ctx:
            raise ContextOverflowError(self.position + len(ids), self.n_ctx)
        if not ids or (logits == "all" and len(ids) > PREFILL_BATCH):
            raise ValueError(f"{len(ids)} tokens in one step")
        if min(ids) < 0 or max(ids) >= self._vocab_size:
            raise ValueError(f"token ids must be from 0 to {self._vocab_size - 1}")
        result = None
        for start in range(0, len(ids), PREFILL_BATCH):
            batch = ids[start : start + PREFILL_BATCH]
            wanted: Logits = logits if start + PREFILL_BATCH >= len(ids) else "none"
            result = self._backend.run(batch, self.position, wanted)
            self.position += len(batch)
        return result

    def rewind(self, position: int) -> None:
        """Forget every token from ``position`` on."""
        if not 0 <= position <= self.position:
            raise ValueError(f"can't rewind from {self.position} to {position}")
        self.position = position


class Engine:
    """An opened model. ``open_numpy`` and ``open_wasm`` make one.

    Attributes
    ----------
    sampler : makes what chooses tokens from its sessions' logits.
    trail : makes the trail of a story's logits.
    """

    def __init__(
        self,
        file: ModelFile,
        config: Config,
        sampler: Callable[[SamplerConfig], Chooser],
        trail: Callable[[], LogitsTrail],
        backend: Callable[[int], Backend],
    ) -> None:
        self.file = file
        self.config = config
        self.sampler = sampler
        self.trail = trail
        self._backend = backend

    @property
    def default_context(self) -> int:
        """Positions of a session whose caller names none."""
        return min(self.config.n_ctx_train, DEFAULT_CONTEXT)

    def session(self, n_ctx: int | None = None) -> Session:
        """Return a session with an empty cache.

        Parameters
        ----------
        n_ctx : positions; default_context if None.
        """
        context = n_ctx or self.default_context
        return Session(self._backend(context), context, self.config.vocab_size)


def open_numpy(blobs: Sequence[Blob], file: ModelFile) -> Engine:
    """Open a model on the numpy backend: all weights decoded to float32. There is a blob for each of its parts."""
    model = load_model(file, NumpyTensors(file, blobs))
    return Engine(
        file, model.config, Sampler, LogitsTrail, lambda context: _reading(file, _NumpyBackend(model, context))
    )


def open_wasm(arena: Arena, file: ModelFile, bases: Sequence[int]) -> Engine:
    """Open a model whose parts lie in the arena, each from its base on. Its weights there are repacked in place."""
    model = load_model(file, ArenaTensors(arena, file, bases))
    room = SamplingRoom(arena, model.config.vocab_size)
    crews = Crew(arena.threads), Crew(arena.threads)
    return Engine(
        file,
        model.config,
        lambda config: ArenaSampler(room, config),
        lambda: ArenaLogitsTrail(room),
        lambda context: _reading(file, _WasmBackend(arena, model, context, *crews)),
    )


def _reading(file: ModelFile, reader: SourceReader) -> Backend:
    """Return what runs a session: of models that read a source first, one that parts it from the text."""
    return reader if file.start_token is None else ReadingBackend(reader, file.start_token)


class _NumpyBackend:
    def __init__(self, model: Model[Floats], context: int) -> None:
        self._model = model
        self._cache = allocate_arrays(model.config.cache, context)

    def read(self, ids: Sequence[int]) -> None:
        assert isinstance(self._model, SourceModel)
        self._model.read(NumpyOps(ids, 0), self._cache)

    def run(self, ids: Sequence[int], position: int, logits: Logits, memory: int = 0) -> Row | None:
        result = self._model.forward(NumpyOps(ids, position, memory), self._cache, logits)
        return None if logits == "none" else result.reshape(-1)


Kind = Logits | Literal["read"]
"""Of a traced step: which logits it ends in, or that it reads a source."""


class _WasmBackend:
    """Programs for each kind of step, traced at once, sharing one scratch.

    Steps of one token are bound by memory, those of several by arithmetic, so each have a crew of their own.
    """

    def __init__(self, arena: Arena, model: Model[ArenaTensor], context: int, one: Crew, several: Crew) -> None:
        self._arena = arena
        cache = allocate_in_arena(arena, model.config.cache, context)
        self._most: dict[Kind, int] = dict.fromkeys(("none", "last", "all"), PREFILL_BATCH)
        if isinstance(model, SourceModel):
            self._most["read"] = context  # all of it at once: each token sees all others
        self._programs = {kind: _trace(arena, model, cache, kind) for kind in self._most}
        plans = {kind: plan(program, self._most[kind]) for kind, program in self._programs.items()}
        self._scratch = arena.allocate(max(size for _, size in plans.values()))
        self._offsets = {kind: offsets for kind, (offsets, _) in plans.items()}
        self._addresses = {kind: self._write(kind) for kind in self._most}
        self._step = arena.allocate(step_bytes(max(self._most.values())))
        self._one = one
        self._several = several

    def _write(self, kind: Kind) -> int:
        words = encode(self._programs[kind], self._offsets[kind], self._scratch, self._most[kind])
        address = self._arena.allocate(len(words))
        self._arena.write(address, words)
        return address

    def read(self, ids: Sequence[int]) -> None:
        self._run("read", ids, 0, 0)

    def run(self, ids: Sequence[int], position: int, logits: Logits, memory: int = 0) -> Row | None:
        return self._run(logits, ids, position, memory)

    def _run(self, kind: Kind, ids: Sequence[int], position: int, memory: int) -> ArenaFloats | None:
        self._arena.write(self._step, pack_step(self._step, ids, position, memory))
        program = self._programs[kind]
        self._run_program(self._addresses[kind], len(program.instructions), len(ids))
        if kind == "none":
            return None
        assert program.result is not None
        result = self._floats(kind, program.result, len(ids))
        if not self._finite(result):
            raise NumericsError(self._first_not_finite(kind, len(ids)))
        return result

    def _run_program(self, address: int, count: int, tokens: int) -> None:
        def run(threads: int) -> None:
            self._arena.run(address, count, self._step, threads)

        if self._arena.threads_asked:
            run(self._arena.threads_asked)
        else:
            (self._one if tokens == 1 else self._several).run(tokens, run)

    def _floats(self, kind: Kind, value: Value, tokens: int) -> ArenaFloats:
        return ArenaFloats(
            self._arena, self._scratch + self._offsets[kind][value], (value.rows or tokens) * value.columns
        )

    def _finite(self, floats: ArenaFloats) -> bool:
        return bool(self._arena.call("all_finite", floats.offset, floats.size))

    def _first_not_finite(self, kind: Kind, tokens: int) -> str:
        """Run the step again from place to place; the cache's rows are only written over with the same."""
        done = 0
        for name, count, value in self._programs[kind].marks:
            start = self._addresses[kind] + done * INSTRUCTION_BYTES
            self._arena.run(start, count - done, self._step, 1)
            done = count
            if not self._finite(self._floats(kind, value, tokens)):
                return name
        return "the logits"


def _trace(arena: Arena, model: Model[ArenaTensor], cache: KVCache[ArenaCache], kind: Kind) -> Program:
    ops = WasmOps(arena)
    if kind == "read":
        assert isinstance(model, SourceModel)
        ops.program.result = model.read(ops, cache)
    else:
        ops.program.result = model.forward(ops, cache, kind)
    return ops.program
