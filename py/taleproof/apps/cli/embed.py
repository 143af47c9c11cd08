# SPDX-License-Identifier: Apache-2.0
"""The command ``embed``: texts come in, their vectors go out, or a table of how near they are to each other."""

from argparse import Namespace

from taleproof.apps.cli.run import digests_shown, expected_digests
from taleproof.apps.cli.terminal import visible_line
from taleproof.apps.library.disk import open_paths
from taleproof.errors import JsonValue


_SHOWN = 60  # characters of a text in the table


def run_embed(options: Namespace) -> tuple[dict[str, JsonValue], str]:
    """Return the JSON object, and a table for people: a row a text, the products with the texts before it."""
    model = open_paths(options.model, backend=options.backend, expected=expected_digests(options), task="embed")
    vectors = [model.embed(text) for text in options.text]
    result: dict[str, JsonValue] = {
        "vectors": [[float(number) for number in vector] for vector in vectors],
        "digests": digests_shown(model.digests),
    }
    rows = []
    for i, (text, vector) in enumerate(zip(options.text, vectors, strict=True)):
        near = "".join(f"{float(vector @ other):8.4f}" for other in vectors[: i + 1])
        rows.append(f"{i + 1:3}{near}  {visible_line(' '.join(text.split())[:_SHOWN])}")
    return result, "\n".join(rows)
