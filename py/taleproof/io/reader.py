# SPDX-License-Identifier: Apache-2.0
"""A bounded cursor over bytes that may be hostile; little-endian by default.

In comes a Blob: a file, a bytes object, or a part of the arena. Out go numbers, strings and arrays, each
checked against the bytes that are left before anything is allocated. Whatever does not fit is refused with a
FormatError that names the file, the field, the value and the offset. The cursor also keeps account of the
memory that the values it returned take beyond the file's own bytes, and refuses to go over
HEADER_MEMORY_BUDGET.
"""

import mmap
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from sys import getsizeof
from typing import Any, BinaryIO, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from taleproof.errors import (
    EmptyFileError,
    FormatError,
    LimitError,
    SourceNotFoundError,
    SourceRefusedError,
    TruncatedFileError,
)


HEADER_MEMORY_BUDGET = 60 << 20
"""Bytes that all values read from one header may take together, beyond the bytes they have in the file."""

WINDOW = 1 << 20
"""Bytes fetched from the blob at a time: a header of many small fields costs a few reads, not millions."""

POINTER = 8
"""Bytes that a list takes for each item, on a 64-bit Python."""

Order = Literal["<", ">"]
"""Least or most significant byte first, as struct and NumPy write it."""


class Blob(Protocol):
    """Read-only bytes somewhere, with a name for messages."""

    @property
    def name(self) -> str:
        """What messages call it, usually a file name."""
        ...

    @property
    def size(self) -> int:
        """Bytes in all."""
        ...

    def read(self, offset: int, length: int) -> bytes | memoryview:
        """Return ``length`` bytes from ``offset``; the caller guarantees that they are there."""
        ...


class BytesBlob:
    """A blob over bytes in memory."""

    def __init__(self, data: bytes | bytearray | memoryview | mmap.mmap, name: str = "bytes") -> None:
        self.name = name
        self._data = memoryview(data).toreadonly().cast("B")
        self.size = len(self._data)

    def read(self, offset: int, length: int) -> memoryview:
        """Return a view, not a copy."""
        return self._data[offset : offset + length]


class FileBlob(BytesBlob):
    """A blob over a file, mapped into memory: only what is read is loaded.

    It shows the file as it is at each moment, so it is only for what is read once. What is hashed and parsed afterwards
    comes from ``read_file``. ``name`` is the path's if none is given.
    """

    def __init__(self, path: str | Path, name: str | None = None) -> None:
        with opened(Path(path)) as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        super().__init__(mapped, name or Path(path).name)


def read_file(path: str | Path, name: str | None = None) -> BytesBlob:
    """Return a copy of a file's bytes: whatever happens to the file afterwards, they stay as they are.

    Raises
    ------
    EmptyFileError, SourceNotFoundError, SourceRefusedError
    """
    with opened(Path(path)) as file:
        return BytesBlob(file.read(), name or Path(path).name)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file that is not empty; what the system says against it becomes one of our own errors."""
    try:
        with path.open("rb") as file:
            if path.stat().st_size == 0:
                raise EmptyFileError(path.name)
            yield file
    except FileNotFoundError:
        raise SourceNotFoundError(str(path)) from None
    except MemoryError:
        raise SourceRefusedError(str(path), "it is larger than the memory that is left") from None
    except OSError as error:
        raise SourceRefusedError(str(path), error.strerror or type(error).__name__) from None


class ByteReader:
    """The cursor. ``position`` is absolute in the blob.

    Every method takes the name of the field it reads, for the error, and raises TruncatedFileError where the
    blob ends too early.

    Parameters
    ----------
    big_endian : numbers have their most significant byte first.
    length_bytes : bytes of a length before a string or an array, 4 or 8.
    """

    def __init__(self, blob: Blob, position: int = 0, *, big_endian: bool = False, length_bytes: int = 8) -> None:
        self._blob = blob
        self._order: Order = ">" if big_endian else "<"
        self._length = struct.Struct(self._order + {4: "I", 8: "Q"}[length_bytes])
        self._base = position  # where the window begins in the blob
        self._window = b""
        self._at = 0  # the cursor, in the window
        self._held = 0

    @property
    def position(self) -> int:
        """Return the offset of the next byte, from the blob's beginning."""
        return self._base + self._at

    @property
    def left(self) -> int:
        """Return how many bytes follow."""
        return self._blob.size - self.position

    def fail(self, field: str, value: object, why: str, offset: int | None = None) -> FormatError:
        """Return the error for a field that is wrong; ``offset`` defaults to where the cursor is."""
        return FormatError(self._blob.name, field, value, self.position if offset is None else offset, why)

    def limit(self, field: str, value: int, cap: int, unit: str) -> None:
        """Refuse a value over its cap."""
        if value > cap:
            raise LimitError(self._blob.name, field, value, self.position, f"at most {cap:,} {unit} are read")

    def charge(self, field: str, nbytes: int) -> None:
        """Count ``nbytes`` of memory against the budget of the header."""
        self._held += nbytes
        if self._held > HEADER_MEMORY_BUDGET:
            why = f"with it the header takes more than {HEADER_MEMORY_BUDGET:,} bytes of memory"
            raise LimitError(self._blob.name, field, None, self.position, why)

    def need(self, field: str, nbytes: int, value: object = None) -> None:
        """Refuse, before anything is allocated, a field of ``nbytes`` that the blob can't hold any more."""
        if nbytes > self.left:
            why = f"{nbytes:,} bytes are needed and {max(self.left, 0):,} are left"
            raise TruncatedFileError(self._blob.name, field, value, self.position, why)

    def _fill(self, field: str, nbytes: int) -> None:
        """Make the window hold the next ``nbytes`` at least."""
        if self._at + nbytes > len(self._window):
            self.need(field, nbytes)
            self._base += self._at
            self._at = 0
            self._window = bytes(self._blob.read(self._base, min(max(nbytes, WINDOW), self._blob.size - self._base)))

    def _number(self, layout: str, field: str) -> Any:
        return struct.unpack(self._order + layout, self.bytes(struct.calcsize(layout), field))[0]

    def u8(self, field: str) -> int:
        """Read an unsigned byte."""
        return int(self._number("B", field))

    def u32(self, field: str) -> int:
        """Read an unsigned 32-bit integer."""
        return int(self._number("I", field))

    def i32(self, field: str) -> int:
        """Read a signed 32-bit integer."""
        return int(self._number("i", field))

    def u64(self, field: str) -> int:
        """Read an unsigned 64-bit integer."""
        return int(self._number("Q", field))

    def i64(self, field: str) -> int:
        """Read a signed 64-bit integer."""
        return int(self._number("q", field))

    def f32(self, field: str) -> float:
        """Read a 32-bit float."""
        return float(self._number("f", field))

    def length(self, field: str) -> int:
        """Read a length, in as many bytes as this format gives it."""
        self._fill(field, self._length.size)
        (value,) = self._length.unpack_from(self._window, self._at)
        self._at += self._length.size
        return int(value)

    def scalar(self, dtype: np.dtype[Any], field: str) -> int | float | bool:
        """Read one number of any NumPy type, as a Python number."""
        value: int | float | bool = _numbers(self.bytes(dtype.itemsize, field), dtype, self._order)[0].item()
        return value

    def bytes(self, length: int, field: str) -> bytes:
        """Read ``length`` raw bytes."""
        self._fill(field, length)
        data = self._window[self._at : self._at + length]
        self._at += length
        return data

    def skip(self, length: int, field: str) -> None:
        """Move past ``length`` bytes without fetching them."""
        self.need(field, length)
        if self._at + length <= len(self._window):
            self._at += length
        else:
            self._base, self._at, self._window = self.position + length, 0, b""

    def array(self, dtype: np.dtype[Any], count: int, field: str) -> NDArray[Any]:
        """Read ``count`` numbers as a read-only array, copied from the blob."""
        nbytes = dtype.itemsize * count
        self.need(field, nbytes, count)
        self.charge(field, nbytes)
        if nbytes <= WINDOW:
            return _numbers(self.bytes(nbytes, field), dtype, self._order)
        data = bytes(self._blob.read(self.position, nbytes))
        self.skip(nbytes, field)
        return _numbers(data, dtype, self._order)

    def string(self, field: str, cap: int, *, strict: bool = False) -> str:
        """Read a string: its length, then UTF-8.

        Parameters
        ----------
        cap : the most bytes it may have.
        strict : refuse broken UTF-8 (names); else it becomes replacement characters (texts).
        """
        start = self.position
        length = self.length(field)
        self.limit(field, length, cap, "bytes")
        self.need(field, length, length)
        data = self.bytes(length, field)
        try:
            text = data.decode("utf-8", "strict" if strict else "replace")
        except UnicodeDecodeError:
            raise self.fail(field, data[:40], "this is not UTF-8 text", start) from None
        self.charge(field, getsizeof(text))
        return text

    def strings(self, count: int, field: str, cap: int) -> list[str]:
        """Read ``count`` strings of at most ``cap`` bytes each; broken UTF-8 becomes replacement characters.

        A vocabulary has some 100,000 of them, so that the loop works on the window itself, and takes all for good
        UTF-8, which is faster, until one is not.
        """
        self.need(field, count * self._length.size, count)
        self.charge(field, count * POINTER)
        texts: list[str] = []
        unpack, add, prefix = self._length.unpack_from, texts.append, self._length.size
        decode: Callable[[bytes], str] = bytes.decode
        while len(texts) < count:
            self._fill(field, prefix)
            window, at, first = self._window, self._at, len(texts)
            size = len(window)
            try:
                for _ in range(count - first):
                    begin = at + prefix
                    if begin > size:
                        break
                    (length,) = unpack(window, at)
                    end = begin + length
                    if end > size or length > cap:
                        break
                    add(decode(window[begin:end]))
                    at = end
            except UnicodeDecodeError:
                decode = _forgiving  # goes on with the string at ``at``
            self._at = at
            self.charge(field, sum(map(str.__sizeof__, texts[first:])))
            if len(texts) < count:  # the next string is not yet read, or crosses the window's end, or the blob's
                self._whole_string(f"{field}[{len(texts)}]", cap)
        return texts

    def _whole_string(self, field: str, cap: int) -> None:
        """Move the window so that the next string is wholly in it."""
        prefix = self._length.size
        self._fill(field, prefix)
        (length,) = self._length.unpack_from(self._window, self._at)
        self.limit(field, length, cap, "bytes")
        self.need(field, prefix + length, length)
        self._fill(field, prefix + length)


def _forgiving(data: bytes) -> str:
    """Return text, with replacement characters for what is not UTF-8."""
    return data.decode("utf-8", "replace")


def _numbers(data: bytes, dtype: np.dtype[Any], order: Order) -> NDArray[Any]:
    """Return bytes in the given byte order as a read-only array of a little-endian type."""
    array = np.frombuffer(data, dtype.newbyteorder(order)).astype(dtype, copy=False)
    array.flags.writeable = False
    return array
