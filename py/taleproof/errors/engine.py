# SPDX-License-Identifier: Apache-2.0
"""Errors of the engine: memory, kernels, weights that do not fit the network, numbers out of range."""

from collections.abc import Sequence

from taleproof.errors.base import TaleproofError, plain


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

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(
            f"The kernels can't be run: {reason}. {remedy}, or choose the numpy backend, which is slow.",
            {"reason": reason},
        )


class DamagedKernelsError(TaleproofError):
    """Kernels in the installed package that are not those that its source names. They are not run."""

    code = "damaged-kernels"

    def __init__(self, name: str, expected: str, actual: str) -> None:
        super().__init__(
            f"{name} of the installed package taleproof has the SHA-256 {actual}, not {expected}: the installation is "
            "damaged. Install the package again.",
            {"name": name, "expected": expected, "actual": actual},
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
    """More memory is needed than there is.

    Parameters
    ----------
    limit : bytes that there can be at most; None where the device refused without saying how many it has.
    """

    code = "out-of-memory"

    def __init__(self, needed: int, used: int, limit: int | None = None) -> None:
        most = (
            f"this device does not give {(used + needed) / 1e6:,.0f} MB"
            if limit is None
            else f"{limit / 1e6:,.0f} MB is the most there can be"
        )
        super().__init__(
            f"{needed / 1e6:,.0f} MB more are needed, {used / 1e6:,.0f} MB are in use and {most}. Close other tabs, or "
            "choose a smaller model or a shorter context.",
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


class StoppedError(TaleproofError):
    """The person stopped what the engine was at."""

    code = "cancelled"

    def __init__(self) -> None:
        super().__init__("Stopped before it was done, as you asked.")


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
        file, what, why = plain(file), plain(what), plain(why)
        super().__init__(
            f"{file} can't be converted, because of {what}: {why}. Nothing was written.",
            {"file": file, "what": what, "why": why},
        )
