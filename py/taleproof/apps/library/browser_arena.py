# SPDX-License-Identifier: Apache-2.0
"""An arena of Python's own making in a browser: the package's kernels on one WebAssembly memory.

In come the builds of the package, out goes the fastest one that this browser runs as it should. There is one thread,
and the memory is not shared, so that no site needs special headers for it. Refused: a browser without WebAssembly SIMD,
and one that computes something else.
"""

from typing import Any

import js
from pyodide.ffi import JsException, to_js

from taleproof.apps.library.sink import Sink
from taleproof.errors import MissingKernelsError, WrongKernelsError
from taleproof.memory.arena import PAGE
from taleproof.memory.browser import BrowserArena, JsBytes, KeptCopy
from taleproof.memory.kernels import BUILDS, Build, kernel_code


FIRST_PAGES = 64
"""As in web/engine/memory/arena.ts: more than the kernels' own data and stack need."""

MAX_PAGES = 65536


def to_object(value: dict[str, Any]) -> Any:
    """Return a dict as a plain object of JavaScript's."""
    return to_js(value, dict_converter=js.Object.fromEntries)


class _Memory:
    """What memory/browser.py knows as JsArena."""

    def __init__(self, build: Build, code: JsBytes, module: Any) -> None:
        self.build = build
        self.code = code
        self.threads = self.threadsAsked = 1
        self.team = 0  # there is none: one thread runs a program alone
        self._memory = js.WebAssembly.Memory.new(to_object({"initial": FIRST_PAGES, "maximum": MAX_PAGES}))
        imports = to_object({"env": {"memory": self._memory}})
        self.exports = js.WebAssembly.Instance.new(module, imports).exports
        # By getattr, because a class would change the name.
        self.base: int = getattr(self.exports, "__heap_base").value

    @property
    def size(self) -> int:
        return int(self._memory.buffer.byteLength)

    def ensure(self, nbytes: int) -> bool:
        missing = -(-(nbytes - self.size) // PAGE)
        try:
            if missing > 0:
                self._memory.grow(missing)
        except JsException:
            return False
        return True

    def view(self, offset: int, nbytes: int) -> JsBytes:
        window: JsBytes = js.Uint8Array.new(self._memory.buffer, offset, nbytes)
        return window

    def put(self, offset: int, chunk: JsBytes) -> None:
        js.Uint8Array.new(self._memory.buffer).set(chunk, offset)

    def sink(self, offset: int, room: int, sha256: int, sha3_256: int, copy: KeptCopy | None) -> Sink:
        return Sink(self, offset, room, sha256, sha3_256, copy)

    def clear(self, start: int, end: int) -> None:
        js.Uint8Array.new(self._memory.buffer).fill(0, start, end)


async def fastest_arena() -> BrowserArena:
    """Return an arena over the first build that this browser can run, and that computes here what it should.

    Raises
    ------
    MissingKernelsError : there is no build that it can run.
    WrongKernelsError : no build computes what it should.
    """
    tried = ""
    for build in BUILDS:
        code = to_js(kernel_code(build))
        if not js.WebAssembly.validate(code):
            continue
        tried = build
        arena = BrowserArena(_Memory(build, code, await js.WebAssembly.compile(code)))
        if _computes_right(arena):
            return arena
    if tried:
        raise WrongKernelsError(tried)
    raise MissingKernelsError("this browser lacks WebAssembly SIMD", "Use a current one")


def _computes_right(arena: BrowserArena) -> bool:
    """Run the kernels' own check (kernels/self_check.c), and leave the memory as fresh as before."""
    mark = arena.mark()
    right = arena.call("self_check", arena.allocate(arena.call("self_check_bytes")))
    arena.release(mark)
    return bool(right)
