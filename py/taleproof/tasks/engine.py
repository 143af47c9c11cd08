# SPDX-License-Identifier: Apache-2.0
"""An opened model, and sessions that run it.

In come a ModelFile and its bytes, which have been hashed and found right; out go logits for tokens. How a step
is run is the device's business (device/base.py).
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal, Protocol, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from taleproof.device.base import DirectDevice, Row, as_floats
from taleproof.device.numpy import NumpyDevice
from taleproof.device.wasm import WasmDevice
from taleproof.errors import ContextOverflowError
from taleproof.formats import ModelFile
from taleproof.graph.step import Ids, Inputs
from taleproof.io.reader import Blob
from taleproof.memory.arena import Arena
from taleproof.models import Logits, TextConfig, load_model
from taleproof.nn.kv_cache import position_bytes
from taleproof.sampling.chain import NumpySampler
from taleproof.sampling.config import SamplerConfig
from taleproof.sampling.dry import TokenBytes
from taleproof.sampling.kernel import ArenaSampler, SamplerBuffers
from taleproof.sampling.logits_digests import ArenaLogitsDigests, LogitsDigests
from taleproof.tasks.encoder_decoder import Backend, EncoderDecoder, GraphBackend
from taleproof.tasks.generate import Sampler


PREFILL_BATCH = 32
"""Tokens that one step may have: enough to use each weight many times. A slow machine takes fewer (prefill.py)."""

DEFAULT_CONTEXT = 2048
"""Positions of a session whose caller names none, at most: several of them fit into one arena."""

MAX_CACHE = 1 << 28
"""Bytes of the cache of the one session that a model is opened with, at most, where nobody names a context: what a
telephone can spare. SmolLM2-135M's own context of 8,192 takes 190 MB."""

CONTEXT_STEP = 32
"""A context that is chosen for a caller is a multiple of this, or the model's own."""

Floats = NDArray[np.float32]
A = TypeVar("A")
P = TypeVar("P")
W = TypeVar("W")
C = TypeVar("C")


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
        self._check_known(ids)
        result = None
        for start in range(0, len(ids), PREFILL_BATCH):
            batch = ids[start : start + PREFILL_BATCH]
            of_batch: Logits = logits if start + PREFILL_BATCH >= len(ids) else "none"
            result = self._backend.run(batch, self.position, of_batch)
            self.position += len(batch)
        return result

    def encode(self, inputs: Inputs) -> None:
        """Run the encoder on inputs given by name; the tokens after it, from position 0 on, are the decoder's alone.

        Raises
        ------
        ContextOverflowError : they have more rows than the cache has positions.
        NumericsError : a number that is not finite.
        ValueError : the model has no encoder, or not of these inputs.
        """
        if not isinstance(self._backend, EncoderDecoder):
            raise ValueError("the model has no encoder that reads apart from the text")
        rows = max((len(given) for given in inputs.values()), default=0)
        if rows > self.n_ctx:
            raise ContextOverflowError(rows, self.n_ctx)
        for given in inputs.values():
            if not isinstance(given, np.ndarray):
                self._check_known(given)
        self.rewind(0)
        self._backend.encode(rows, inputs)

    def _check_known(self, ids: Ids) -> None:
        if min(ids) < 0 or max(ids) >= self._vocab_size:
            raise ValueError(f"token ids must be from 0 to {self._vocab_size - 1}")

    def rewind(self, position: int) -> None:
        """Forget every token from ``position`` on."""
        if not 0 <= position <= self.position:
            raise ValueError(f"can't rewind from {self.position} to {position}")
        self.position = position


class Sampling(Protocol):
    """What makes a text's sampler, and the digests of its logits."""

    def sampler(self, config: SamplerConfig, token_bytes: TokenBytes) -> Sampler: ...

    def logits_digests(self) -> LogitsDigests: ...


class PlainSampling:
    """Sampling from arrays."""

    def sampler(self, config: SamplerConfig, token_bytes: TokenBytes) -> Sampler:
        """Return a sampler in NumPy."""
        return NumpySampler(config, token_bytes)

    def logits_digests(self) -> LogitsDigests:
        """Return digests of arrays."""
        return LogitsDigests()


class ArenaSampling:
    """Sampling by the kernels, where the logits are; all samplers of a model share its buffers."""

    def __init__(self, arena: Arena, vocab_size: int) -> None:
        self._buffers = SamplerBuffers(arena, vocab_size)

    def sampler(self, config: SamplerConfig, token_bytes: TokenBytes) -> Sampler:
        """Return the same sampler, to the bit."""
        return ArenaSampler(self._buffers, config, token_bytes)

    def logits_digests(self) -> LogitsDigests:
        """Return the same digests."""
        return ArenaLogitsDigests(self._buffers)


class Engine:
    """An opened model. ``open_numpy`` and ``open_wasm`` make one.

    Parameters
    ----------
    sampling : called once, and only where something samples.
    """

    def __init__(
        self,
        file: ModelFile,
        config: TextConfig,
        sampling: Callable[[], Sampling],
        backend: Callable[[int], Backend],
    ) -> None:
        self.file = file
        self.config = config
        self._sampling = cache(sampling)
        self._backend = backend

    def sampler(self, config: SamplerConfig, token_bytes: TokenBytes) -> Sampler:
        """Return what chooses a text's tokens from its sessions' logits; ``token_bytes`` is its tokenizer's."""
        return self._sampling().sampler(config, token_bytes)

    def logits_digests(self) -> LogitsDigests:
        """Return what takes the digests of a text's logits."""
        return self._sampling().logits_digests()

    def reserve_sampling(self) -> None:
        """Take now the memory that sampling needs, OutOfMemoryError, and not when the first text is begun."""
        self._sampling()

    @property
    def default_context(self) -> int:
        """Positions of a session whose caller names none."""
        return min(self.config.n_ctx_train, DEFAULT_CONTEXT)

    @property
    def longest_context(self) -> int:
        """Positions for the one session that a model is opened with: its own, or as many as MAX_CACHE holds."""
        most = MAX_CACHE // self.position_bytes // CONTEXT_STEP * CONTEXT_STEP
        return min(self.config.n_ctx_train, max(most, CONTEXT_STEP))

    @property
    def position_bytes(self) -> int:
        """What a position takes in a cache in the arena."""
        return position_bytes(self.config.cache)

    def session(self, n_ctx: int | None = None) -> Session:
        """Return a session with an empty cache.

        Parameters
        ----------
        n_ctx : positions; default_context if None.
        """
        context = n_ctx or self.default_context
        return Session(self._backend(context), context, self.config.vocab_size)


def open_numpy(blobs: Sequence[Blob], file: ModelFile) -> Engine:
    """Open a model on the numpy device: all weights decoded to float32. There is a blob for each of its parts."""
    return _open(NumpyDevice(), file, blobs, lambda _vocab_size: PlainSampling())


def open_wasm(arena: Arena, file: ModelFile, bases: Sequence[int]) -> Engine:
    """Open a model whose parts lie in the arena, each from its base on. Its weights there are repacked in place."""
    return _open(WasmDevice(arena), file, bases, lambda vocab_size: ArenaSampling(arena, vocab_size))


def _open(
    device: DirectDevice[P, A, W, C], file: ModelFile, places: Sequence[P], sampling: Callable[[int], Sampling]
) -> Engine:
    """``sampling`` is given the size of the vocabulary."""
    model = load_model(file, device.weights(file, places))
    config = model.config.text

    def backend(context: int) -> Backend:
        kv = device.cache(config.cache, context)
        graphs = GraphBackend(device.compile(model.graphs(kv, context, PREFILL_BATCH)))
        return graphs if file.start_token is None else EncoderDecoder(graphs, file.start_token)

    return Engine(file, config, lambda: sampling(config.vocab_size), backend)
