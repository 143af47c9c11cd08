# SPDX-License-Identifier: Apache-2.0
"""The arena under CPython: the kernels run in wasmtime, on a memory of their own.

In comes the name of a build of the kernels, out goes an Arena. MissingKernelsError when wasmtime is not installed or
there are no kernels (kernels.py), WrongKernelsError when they fail their own check, KernelFaultError when one is
stopped.
"""

import atexit
import ctypes
import hashlib
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from taleproof.errors import KernelFaultError, MissingKernelsError, WrongKernelsError
from taleproof.memory.arena import MAX_BYTES, PAGE, Buffer, BumpAllocator
from taleproof.memory.kernels import BUILDS, kernel_code


if TYPE_CHECKING:
    import wasmtime

FIRST_PAGES = 16
"""Pages to begin with: more than the kernels' stack and tables need."""


@cache
def _compiled(code: bytes) -> "tuple[wasmtime.Engine, wasmtime.Module]":
    """Compile a build once for all arenas of this process."""
    import wasmtime

    engine = wasmtime.Engine()
    return engine, wasmtime.Module(engine, code)


atexit.register(_compiled.cache_clear)
"""wasmtime's objects cannot be let go once the interpreter has begun to take its modules apart."""


class WasmtimeArena:
    """An Arena over one wasmtime instance.

    Attributes
    ----------
    kernels : the SHA-256 of the kernels' module.

    Parameters
    ----------
    build : which build of the kernels to run; both give the same bits.
    folder : where the builds are; None for the package's own, or a checkout's.
    threads : into how many shares work is cut. They are done in turn, on one thread: what is tested so is that the bits
        do not depend on their number.
    """

    def __init__(self, build: str = "relaxed", folder: Path | None = None, threads: int = 1) -> None:
        try:
            import wasmtime
        except ImportError as error:
            raise MissingKernelsError("the wasmtime package is not installed", "Run `pip install wasmtime`") from error
        code = kernel_code(build, folder)
        self.build = build
        self.kernels = hashlib.sha256(code).hexdigest()
        self.threads = self.threads_asked = threads
        self._fault = wasmtime.Trap
        engine, module = _compiled(code)
        self._store = wasmtime.Store(engine)
        limits = wasmtime.Limits(FIRST_PAGES, MAX_BYTES // PAGE)
        self._memory = wasmtime.Memory(self._store, wasmtime.MemoryType(limits))
        self._functions: dict[str, wasmtime.Func] = {}
        linker = wasmtime.Linker(engine)
        linker.define(self._store, "env", "memory", self._memory)
        self._exports = linker.instantiate(self._store, module).exports(self._store)
        heap_base = self._exports["__heap_base"]
        assert isinstance(heap_base, wasmtime.Global)
        self._allocator = BumpAllocator(heap_base.value(self._store), self._ensure)
        self._check_kernels()

    def allocate(self, nbytes: int) -> int:
        """Return the offset of ``nbytes`` zeroed bytes."""
        return self._allocator.take(nbytes)

    def has_room(self, nbytes: int) -> bool:
        """Say whether so many bytes could be allocated."""
        return self._allocator.has_room(nbytes)

    def mark(self) -> int:
        """Return a place to which ``release`` can go back."""
        return self._allocator.top

    def release(self, mark: int) -> None:
        """Take back everything allocated since ``mark``, and clear it: fresh bytes are always zero."""
        if self._allocator.top > mark:
            ctypes.memset(self._base + mark, 0, self._allocator.top - mark)
        self._allocator.top = mark

    def _ensure(self, size: int) -> bool:
        """Make the memory ``size`` bytes long at least, whole pages; False where the machine refuses."""
        import wasmtime

        missing = size // PAGE - self._memory.size(self._store)
        if missing <= 0:
            return True
        try:
            self._memory.grow(self._store, missing)
        except wasmtime.WasmtimeError:
            return False
        self.__dict__.pop("_base", None)
        return True

    @cached_property
    def _base(self) -> int:
        """The address of byte 0 in this process; it may move when the memory grows."""
        return ctypes.addressof(self._memory.data_ptr(self._store).contents)

    def write(self, offset: int, data: Buffer) -> None:
        """Copy bytes into the arena."""
        view = memoryview(data).cast("B")
        self._check(offset, len(view))
        source = np.frombuffer(view, np.uint8)
        ctypes.memmove(self._base + offset, source.ctypes.data, len(source))

    def read(self, offset: int, nbytes: int) -> bytes:
        """Return a copy of bytes of the arena."""
        self._check(offset, nbytes)
        return ctypes.string_at(self._base + offset, nbytes)

    def call(self, kernel: str, *arguments: int | float) -> int:
        """Run an exported kernel."""
        try:
            return self._function(kernel)(self._store, *arguments) or 0
        except self._fault as fault:
            raise KernelFaultError(kernel, fault.message.strip().splitlines()[-1]) from fault

    def run(self, program: int, count: int, step: int, threads: int) -> None:
        """Run a traced program."""
        if threads == 1:
            self.call("run_program", program, count, step, 0, 1)
        else:
            self.call("run_program_in_turn", program, count, step, threads)

    def _function(self, kernel: str) -> "wasmtime.Func":
        import wasmtime

        function = self._functions.get(kernel)
        if function is None:
            export = self._exports[kernel]
            assert isinstance(export, wasmtime.Func)
            function = self._functions[kernel] = export
        return function

    def _check_kernels(self) -> None:
        """Refuse kernels that fail their own check (kernels/run/self_check.c), and leave memory as fresh as before."""
        used, size = self._allocator.top, self.call("self_check_bytes")
        buffers = self.allocate(size)
        if not self.call("self_check", buffers):
            raise WrongKernelsError(self.build)
        self.write(buffers, bytes(size))
        self._allocator.top = used

    def _check(self, offset: int, nbytes: int) -> None:
        if offset < 0 or offset + nbytes > self._memory.data_len(self._store):
            raise IndexError(f"bytes {offset}..{offset + nbytes} are outside the arena")


def fastest_arena(folder: Path | None = None) -> WasmtimeArena:
    """Return an arena over the first build that computes here what it should."""
    *faster, slowest = BUILDS
    for build in faster:
        try:
            return WasmtimeArena(build, folder)
        except WrongKernelsError:
            continue
    return WasmtimeArena(slowest, folder)
