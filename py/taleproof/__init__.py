# SPDX-License-Identifier: Apache-2.0
"""Stories written by a language model, reproducible to the last bit: the engine of Taleproof.

    import taleproof

    with taleproof.open("model.gguf", expect="sha256:...") as model:
        for event in model.generate("Once upon a time", seed=7):
            print(event.text, end="")

In Pyodide ``open`` is awaited: ``model = await taleproof.open("model.gguf")``.
"""

from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from taleproof.apps.library import (
        Event,
        Finished,
        Generation,
        Model,
        Progress,
        Scored,
        StoryRecord,
        TaleproofError,
        Token,
        open,  # noqa: A004 - its public name
    )

__version__ = "0.2.0"

__all__ = [
    "Event",
    "Finished",
    "Generation",
    "Model",
    "Progress",
    "Scored",
    "StoryRecord",
    "TaleproofError",
    "Token",
    "__version__",
    "open",
]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import the library when one of its names is first asked for: the page does without it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value: object = getattr(import_module("taleproof.apps.library"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
