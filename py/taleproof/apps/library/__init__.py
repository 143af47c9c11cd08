# SPDX-License-Identifier: Apache-2.0
"""The library: what ``import taleproof`` offers to other people's programs.

Files come in, a Model goes out, and from it texts, vectors and log-probabilities. The package's own ``__init__``
imports this only when one of the names is asked for.
"""

import sys

from taleproof.apps.library.generation import Generation
from taleproof.apps.library.model import Model
from taleproof.errors import TaleproofError
from taleproof.record.record import StoryRecord
from taleproof.tasks.base import Finished, Progress, Scored, Token
from taleproof.tasks.generate import Event


if sys.platform == "emscripten":
    from taleproof.apps.library.browser import open  # noqa: A004 - its public name
else:
    from taleproof.apps.library.disk import open  # noqa: A004 - its public name


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
    "open",
]
