# SPDX-License-Identifier: Apache-2.0
"""Errors on the way to a model's bytes: addresses, connections, folders, this browser's storage."""

from collections.abc import Sequence

from taleproof.errors.base import TaleproofError, plain


class SourceError(TaleproofError):
    """A model's bytes could not be brought; the base of what can go wrong on the way."""

    code = "source-failed"


class AddressNotReadError(SourceError):
    """An address where only files are read."""

    code = "address-not-read"

    def __init__(self, address: str) -> None:
        address = plain(address)
        super().__init__(
            f"{address} is an address, and only files are read here. Download it, and open the file.",
            {"address": address},
        )


class DownloadInterruptedError(SourceError):
    """The connection dropped, and stayed down through all the retries."""

    code = "download-interrupted"

    def __init__(self, name: str, received: int, size: int | None, attempts: int) -> None:
        of = "" if size is None else f" of {size:,}"
        super().__init__(
            f"The download of {name} broke off after {received:,}{of} bytes, and {attempts} attempts to go "
            "on failed. Check the connection and try again.",
            {"name": name, "received": received, "size": size, "attempts": attempts},
        )


class DownloadStoppedError(SourceError):
    """The person stopped the download; ``kept`` of its bytes are in the storage for the next attempt."""

    code = "download-stopped"

    def __init__(self, name: str, received: int, kept: int = 0) -> None:
        after = f"Stopped; {kept / 1e6:,.1f} MB of {plain(name)} are kept, and the next attempt goes on from there."
        super().__init__(
            after if kept else f"Stopped after {received / 1e6:,.1f} MB of {plain(name)}.",
            {"name": plain(name), "received": received, "kept": kept},
        )


class ModelTooLargeError(SourceError):
    """A model that memory cannot hold, found out before it is downloaded."""

    code = "model-too-large"

    def __init__(self, name: str, needed: int, limit: int) -> None:
        super().__init__(
            f"{name} needs about {needed / 1e6:,.0f} MB of memory, and {limit / 1e6:,.0f} MB is the most that this "
            "browser gives on this device. Choose a smaller model, or one with fewer bits a weight.",
            {"name": name, "needed": needed, "limit": limit},
        )


class NoModelInFolderError(SourceError):
    """A folder in which no file is called like a model."""

    code = "no-model-in-folder"

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"{plain(folder)} has no file that is called like a model: .gguf, .safetensors or .bin. Choose another "
            "folder, or name the files.",
            {"folder": plain(folder)},
        )


class SeveralModelsError(SourceError):
    """A folder with several models, of which none was named."""

    code = "several-models"

    def __init__(self, folder: str, models: Sequence[str]) -> None:
        shown = ", ".join(map(plain, models[:5])) + (f" and {len(models) - 5} more" if len(models) > 5 else "")
        super().__init__(
            f"{plain(folder)} has several models: {shown}. Name the one that you want.",
            {"folder": plain(folder), "models": [plain(name) for name in models[:20]]},
        )


class SourceChangedError(SourceError):
    """The file behind the address changed while it was being downloaded."""

    code = "source-changed"

    def __init__(self, name: str, received: int) -> None:
        super().__init__(
            f"{name} changed at its source during the download, after {received:,} bytes. Start it again.",
            {"name": name, "received": received},
        )


class SourceNotFoundError(SourceError):
    """Nothing is at the address, or no file has that name."""

    code = "source-not-found"

    def __init__(self, name: str, status: int | None = None) -> None:
        answer = "" if status is None else f" (the server answered {status})"
        super().__init__(
            f"{name} was not found{answer}. Check the address or the file's name.",
            {"name": name, "status": status},
        )


class KeptFileGoneError(SourceError):
    """What this browser's storage had is not there any more, or has changed since, and there is no address to ask."""

    code = "kept-file-gone"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name}, which this browser kept, is gone or damaged, and was dropped. Try again, or choose it anew.",
            {"name": name},
        )


class SourceRefusedError(SourceError):
    """The server or the file system answered, and its answer was no."""

    code = "source-refused"

    def __init__(self, name: str, reason: str, status: int | None = None) -> None:
        super().__init__(
            f"{name} could not be read: {reason}. It may need a login, or be in trouble: try later, or try "
            "another source.",
            {"name": name, "reason": reason, "status": status},
        )


class SourceUnreachableError(SourceError):
    """No connection could be made at all."""

    code = "source-unreachable"

    def __init__(self, name: str, attempts: int) -> None:
        super().__init__(
            f"{name} could not be reached in {attempts} attempts. Check the connection and the address; "
            "a site may also forbid other pages to read its files.",
            {"name": name, "attempts": attempts},
        )


class WrongSizeError(SourceError):
    """More or fewer bytes arrived than were promised."""

    code = "wrong-size"

    def __init__(self, name: str, received: int, expected: int) -> None:
        super().__init__(
            f"{name} has {received:,} bytes where {expected:,} were expected. The file is not the one that "
            "was promised; nothing of it was kept.",
            {"name": name, "received": received, "expected": expected},
        )
