"""Every error a user can meet: one class a kind, a stable ``code``, a sentence that says what to do.

Nothing else reaches a person. Each class builds its sentence from the facts it is given and keeps those facts
in ``details``, so that the page can show them and a script can test them.
"""

from collections.abc import Mapping, Sequence


JsonValue = str | int | float | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]


class TaleproofError(Exception):
    """The base of all errors meant for people.

    Attributes
    ----------
    code : a stable kebab-case name of the kind of error.
    message : what happened and what to do about it, in a sentence or two.
    details : the facts behind the message, as JSON values.
    """

    code = "error"

    def __init__(self, message: str, details: Mapping[str, JsonValue] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, JsonValue] = dict(details or {})


# --- model files --------------------------------------------------------------------------------------------


def _shown(value: object) -> str:
    """Return a value as text that is safe to print: one line, never longer than a line."""
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."


def _plain(text: str) -> str:
    """Return a text that may hold names out of a file, without control characters and not too long."""
    plain = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:200])
    return plain if len(text) <= 200 else plain[:197] + "..."


def _fact(value: object) -> JsonValue:
    """Return a value as a fact for ``details``: numbers and short texts as they are, all else shortened."""
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 1 << 53):
        return value
    return value if isinstance(value, str) and len(value) <= 100 else _shown(value)


class FormatError(TaleproofError):
    """A model file that breaks its format's rules: which field, what it says, where, and why it is wrong."""

    code = "format-error"
    remedy = "The file is damaged or is not what its name says: get it again from its source."

    def __init__(self, file: str, field: str, value: object, offset: int | None, why: str) -> None:
        file, field, why = _plain(file), _plain(field), _plain(why)
        where = "" if offset is None else f" at byte {offset:,}"
        said = "" if value is None else f" is {_shown(value)}"
        super().__init__(
            f"{file}: {field}{said}{where}: {why}. {self.remedy}",
            {"file": file, "field": field, "value": _fact(value), "offset": offset, "why": why},
        )


class EmptyFileError(FormatError):
    """A file of no bytes."""

    code = "empty-file"

    def __init__(self, file: str) -> None:
        super().__init__(file, "size", 0, None, "the file is empty")


class ExtendedFileError(FormatError):
    """A file that goes on after all that its header announces."""

    code = "extended-file"
    remedy = "Something was added to the model, or two files were joined: get it again from its source."


class HtmlInsteadOfModelError(FormatError):
    """A web page where a model should be: a login form, or a not-found page sent as a success."""

    code = "html-instead-of-model"
    remedy = "Use the address of the file itself, often called 'download' or 'raw', or save the file and open it."

    def __init__(self, file: str) -> None:
        super().__init__(file, "content", None, 0, "this is a web page, not a model")


class LimitError(FormatError):
    """A field that asks for more than any real model needs, and more than the reader is willing to hold."""

    code = "format-limit"
    remedy = "No real model needs this; the file is damaged, or made to exhaust memory."


class MissingPartError(FormatError):
    """A part of a model that is in several files, where the others are not."""

    code = "missing-part"
    remedy = "Choose all of the model's files together, or the folder that they are in."

    def __init__(self, file: str, part: int, count: int) -> None:
        super().__init__(file, "part", part, None, f"the model is in {count:,} files, and this one is not among them")


class TruncatedFileError(FormatError):
    """A file that ends before what its header announces."""

    code = "truncated-file"
    remedy = "The download was cut short, or the file was damaged: get it again."


class UnknownArchitectureError(FormatError):
    """A model whose network is none of those this engine can run."""

    code = "unknown-architecture"
    remedy = "Choose a model of an architecture that is supported."

    def __init__(self, file: str, architecture: str, supported: Sequence[str]) -> None:
        self.supported = tuple(supported)
        super().__init__(
            file, "general.architecture", architecture, None, f"supported are {', '.join(sorted(supported))}"
        )


class UnknownBlockTypeError(FormatError):
    """A tensor stored in a block type that this engine can't decode."""

    code = "unknown-block-type"
    remedy = "Choose another quantisation of the same model, such as Q4_K_M or Q8_0."


class UnknownFormatError(FormatError):
    """A file that begins like none of the formats known."""

    code = "unknown-format"
    remedy = "Choose a model in GGUF, safetensors with its config.json, GGML or llama2.c."


class UnsupportedVersionError(FormatError):
    """A known format in a version, or a byte order, that is not read."""

    code = "unsupported-version"
    remedy = "Convert the model again with current tools."


# --- downloads ----------------------------------------------------------------------------------------------


class SourceError(TaleproofError):
    """A model's bytes could not be brought; the base of what can go wrong on the way."""

    code = "source-failed"


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
    """The person stopped the download."""

    code = "download-stopped"

    def __init__(self, name: str, received: int) -> None:
        super().__init__(
            f"The download of {name} was stopped after {received:,} bytes. It can be started again at any time.",
            {"name": name, "received": received},
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
            f"{_plain(folder)} has no file that is called like a model: .gguf, .safetensors or .bin. Choose another "
            "folder, or name the files.",
            {"folder": _plain(folder)},
        )


class SeveralModelsError(SourceError):
    """A folder with several models, of which none was named."""

    code = "several-models"

    def __init__(self, folder: str, models: Sequence[str]) -> None:
        shown = ", ".join(map(_plain, models[:5])) + (f" and {len(models) - 5} more" if len(models) > 5 else "")
        super().__init__(
            f"{_plain(folder)} has several models: {shown}. Name the one that you want.",
            {"folder": _plain(folder), "models": [_plain(name) for name in models[:20]]},
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


# --- verification -------------------------------------------------------------------------------------------


class DigestMismatchError(TaleproofError):
    """A file whose bytes are not the ones that were vouched for. Not one of them is parsed."""

    code = "digest-mismatch"

    def __init__(self, name: str, expected: str, actual: str, algorithm: str = "SHA-256") -> None:
        super().__init__(
            f"{name} is not the file that was vouched for: its {algorithm} is {actual}, expected was "
            f"{expected}. The bytes were dropped. Try again; if it happens again, do not use this source.",
            {"name": name, "algorithm": algorithm, "expected": expected, "actual": actual},
        )


class NotAcceptedError(TaleproofError):
    """A file that nobody vouches for, and whose digest the person has not accepted."""

    code = "not-accepted"

    def __init__(self, name: str, sha256: str) -> None:
        super().__init__(
            f"Nobody vouches for {name}. Compare its SHA-256, {sha256}, with one from a source that you "
            "trust, and accept it if they are the same.",
            {"name": name, "sha256": sha256},
        )


class RegistryAnswerError(TaleproofError):
    """An answer of the registry that is not what an answer is. It vouches for nothing."""

    code = "registry-answer-invalid"

    def __init__(self, field: str, why: str) -> None:
        field = _plain(field)
        super().__init__(
            f"The registry's answer is not one that can be relied on: {field} {why}. It counts for nothing. "
            "Ask the registry again.",
            {"field": field, "why": why},
        )


class RevokedError(TaleproofError):
    """A file that was registered once and has been withdrawn."""

    code = "revoked"

    def __init__(self, name: str, sha256: str, reason: str) -> None:
        why = f": {reason.strip().rstrip('.')}" if reason else ""
        super().__init__(
            f"{name} was withdrawn from the registry{why}. Choose another version or another model.",
            {"name": name, "sha256": sha256, "reason": reason},
        )


# --- the engine ---------------------------------------------------------------------------------------------


class ContextOverflowError(TaleproofError):
    """More tokens than the context has positions."""

    code = "context-overflow"

    def __init__(self, tokens: int, context: int) -> None:
        super().__init__(
            f"{tokens:,} tokens do not fit in a context of {context:,}. Shorten the text, or choose a longer context.",
            {"tokens": tokens, "context": context},
        )


class KernelFaultError(TaleproofError):
    """A kernel that the machine stopped: a fault of the kernels' own, or of what was given to them."""

    code = "kernel-fault"

    def __init__(self, kernel: str, reason: str) -> None:
        super().__init__(
            f"The kernel {kernel} stopped with a fault ({reason}). This is a mistake in the engine: please report it "
            "with the model and the text. The numpy backend is slower and does without kernels.",
            {"kernel": kernel, "reason": reason},
        )


class MissingKernelsError(TaleproofError):
    """The compiled kernels, or what runs them, are not there."""

    code = "missing-kernels"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The kernels can't be run: {reason}. Run `npm run setup`, or choose the numpy backend.",
            {"reason": reason},
        )


class MissingTensorError(TaleproofError):
    """A model without a tensor that its architecture needs, or with one of another shape."""

    code = "missing-tensor"

    def __init__(self, file: str, tensor: str, expected: Sequence[int], actual: Sequence[int] | None) -> None:
        found = "it is not in the file" if actual is None else f"its shape is {tuple(actual)}"
        super().__init__(
            f"{file}: the tensor {tensor} of shape {tuple(expected)} is needed, but {found}. The file is damaged or "
            "was converted wrongly: get it again from its source.",
            {
                "file": file,
                "tensor": tensor,
                "expected": list(expected),
                "actual": None if actual is None else list(actual),
            },
        )


class NumericsError(TaleproofError):
    """A number that is not finite where only finite ones can be: the run stops instead of writing nonsense."""

    code = "not-finite"

    def __init__(self, where: str) -> None:
        super().__init__(
            f"The model's numbers ran out of range in {where}, so the story stops here. The model file's weights are "
            "unusable: choose another quantisation of it.",
            {"where": where},
        )


class ContextTooLargeError(TaleproofError):
    """A context whose cache does not fit into memory beside the model."""

    code = "context-too-large"

    def __init__(self, asked: int, fits: int) -> None:
        super().__init__(
            f"A context of {asked:,} tokens needs more memory than there is beside the model; {fits:,} tokens fit. Ask "
            "for no more, or close other tabs.",
            {"asked": asked, "fits": fits},
        )


class OutOfMemoryError(TaleproofError):
    """More memory is needed than there is."""

    code = "out-of-memory"

    def __init__(self, needed: int, used: int, limit: int) -> None:
        super().__init__(
            f"{needed / 1e6:,.0f} MB more are needed, {used / 1e6:,.0f} MB are in use and {limit / 1e6:,.0f} MB is "
            "the most there can be. Close other tabs, or choose a smaller model or a shorter context.",
            {"needed": needed, "used": used, "limit": limit},
        )


class WrongKernelsError(TaleproofError):
    """Kernels that do not compute here what they compute elsewhere."""

    code = "wrong-kernels"

    def __init__(self, build: str) -> None:
        super().__init__(
            f"The {build} kernels compute something else on this machine than they should, so nothing is written with "
            "them. Install another version of wasmtime, or choose the numpy backend.",
            {"build": build},
        )


class UnknownTensorError(TaleproofError):
    """A model with a part that its architecture does not have here: running without it would be wrong."""

    code = "unknown-tensor"

    def __init__(self, file: str, architecture: str, tensors: Sequence[str]) -> None:
        shown = ", ".join(tensors[:3]) + (f" and {len(tensors) - 3} more" if len(tensors) > 3 else "")
        super().__init__(
            f"{file} has tensors that the architecture {architecture} is not known to have here: {shown}. It would not "
            "run as its authors meant, so it is refused; choose another model.",
            {"file": file, "architecture": architecture, "tensors": [*tensors[:20]]},
        )


class ConversionError(TaleproofError):
    """A model that can be read, but not written in the way that was asked for."""

    code = "cannot-convert"

    def __init__(self, file: str, what: str, why: str) -> None:
        file, what, why = _plain(file), _plain(what), _plain(why)
        super().__init__(
            f"{file} can't be converted, because of {what}: {why}. Nothing was written.",
            {"file": file, "what": what, "why": why},
        )


# --- text ---------------------------------------------------------------------------------------------------


class ChatTemplateError(TaleproofError):
    """The model's chat template could not be used for these messages."""

    code = "chat-template"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The model's chat template failed: {why}. Write in raw mode or choose another model.",
            {"why": why},
        )


class RequestsOnlyError(TaleproofError):
    """A model that reads a request before it writes was asked to go on from an opening."""

    code = "requests-only"

    def __init__(self, architecture: str) -> None:
        super().__init__(
            f"A {architecture} model reads a request and writes an answer; it can't go on from an opening. "
            "Choose to have a request answered (chat), and try again.",
            {"architecture": architecture},
        )


class TokenizerMissingError(TaleproofError):
    """A model whose file brings no tokenizer, without the tokenizer.bin or tokenizer.json that belongs to it."""

    code = "tokenizer-missing"

    def __init__(self, file: str) -> None:
        super().__init__(
            f"{file} brings no tokenizer. Choose its tokenizer.bin or tokenizer.json together with it, or the folder "
            "that they are in.",
            {"file": file},
        )


class UnknownPreTokenizerError(TaleproofError):
    """A model whose text is cut into words in a way that is not implemented."""

    code = "unknown-pre-tokenizer"

    def __init__(self, file: str, name: str, supported: Sequence[str]) -> None:
        said = f"the pre-tokenizer {_shown(name)}" if name else "no pre-tokenizer"
        super().__init__(
            f"{file} names {said}; known are {', '.join(sorted(supported))}. Choose another model"
            f"{'' if name else ', or convert this one again with current tools'}.",
            {"file": file, "name": _fact(name), "supported": sorted(supported)},
        )


class UnknownTokenError(TaleproofError):
    """A token id that the vocabulary does not have."""

    code = "unknown-token"

    def __init__(self, token: int, vocab_size: int) -> None:
        super().__init__(
            f"There is no token {token:,}: the vocabulary has {vocab_size:,}. The tokenizer may be another model's.",
            {"token": token, "vocab_size": vocab_size},
        )


class UnknownTokenizerError(TaleproofError):
    """A model whose tokenizer is of a kind that is not implemented, or that brings none."""

    code = "unknown-tokenizer"

    def __init__(self, file: str, kind: str, supported: Sequence[str]) -> None:
        said = f"a tokenizer of the kind {_shown(kind)}" if kind else "no tokenizer"
        super().__init__(
            f"{file} has {said}; known are {', '.join(sorted(supported))}. Choose another model.",
            {"file": file, "kind": _fact(kind), "supported": sorted(supported)},
        )


# --- writing -------------------------------------------------------------------------------------------------------


class UnknownTokenizerPartError(TaleproofError):
    """A tokenizer.json with a part that is not implemented: without it the model would be given other ids."""

    code = "unknown-tokenizer-part"

    def __init__(self, file: str, part: str) -> None:
        file, part = _plain(file), _plain(part)
        super().__init__(
            f"{file}: {part}, is not known here, and without it the model would read another text. "
            "Choose the same model as a GGUF file.",
            {"file": file, "part": part},
        )


class EmptyPromptError(TaleproofError):
    """Nothing to begin with, for a model that has no token for the beginning of a text either."""

    code = "empty-prompt"

    def __init__(self) -> None:
        super().__init__(
            "The opening is empty, and this model can't begin from nothing. Write the first words of the story."
        )


class InvalidSettingError(TaleproofError):
    """A setting out of its range."""

    code = "invalid-setting"

    def __init__(self, setting: str, value: object, low: float, high: float) -> None:
        super().__init__(
            f"{setting} can't be {_shown(value)}: it must be from {low} to {high}. Change it and try again.",
            {"setting": setting, "value": _fact(value), "low": _fact(low), "high": _fact(high)},
        )


class NoModelError(TaleproofError):
    """A story asked for before a model was opened, or after it was closed."""

    code = "no-model"

    def __init__(self) -> None:
        super().__init__("No model is open. Choose one first, then begin the story.")


class NothingToContinueError(TaleproofError):
    """A story that came to its own end, or that is being written, can't be continued."""

    code = "nothing-to-continue"

    def __init__(self) -> None:
        super().__init__("This story has come to its end. Start again, or begin another one with its last lines.")


class PromptTooLongError(TaleproofError):
    """An opening of more tokens than the model can read at once."""

    code = "prompt-too-long"

    def __init__(self, tokens: int, context: int) -> None:
        super().__init__(
            f"The opening has {tokens:,} tokens, and this model reads {context:,} at most. Shorten the opening.",
            {"tokens": tokens, "context": context},
        )
