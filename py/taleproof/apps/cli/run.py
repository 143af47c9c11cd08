# SPDX-License-Identifier: Apache-2.0
"""What the commands do with a model: options come in, JSON values and tables go out.

It is apart from main.py so that ``--help``, ``digest`` and a mistyped option need not load an engine.
"""

import time
from argparse import Namespace
from collections.abc import Callable, Sequence

from taleproof.apps.cli.terminal import visible_line
from taleproof.apps.guard import opening
from taleproof.apps.library.disk import open_paths
from taleproof.apps.library.model import Model
from taleproof.apps.library.options import Options
from taleproof.apps.local import blobs_of_model, verify
from taleproof.apps.model_set import parse_model
from taleproof.apps.prompting import Mode
from taleproof.errors import JsonValue
from taleproof.formats import ModelFile
from taleproof.formats.model_file import TensorInfo
from taleproof.tasks.base import Stats
from taleproof.tasks.score import encode_continuation
from taleproof.trust.digest import Digests, Expected


Show = Callable[[str], None]

_ROWS_SHOWN = 72  # characters of a metadata value in a table


def run_generate(options: Namespace, settings: Options, show: Show | None) -> dict[str, JsonValue] | None:
    """Write on from the prompt; return the JSON object, or None if the text was shown as it came."""
    start = time.perf_counter()
    model = _open(options)
    loaded = time.perf_counter() - start
    writing = model.write(options.prompt, _mode(options), settings)
    if show is not None and not (options.chat or model.encoder_decoder):
        show(options.prompt)
    cuts = settings.limits.end_at_sentence == "cut"  # what is printed can't be taken back
    for event in writing:
        if show is not None and not cuts:
            show(event.text)
    if show is not None and cuts:
        show(writing.text)
    record = model.record
    if show is not None or record is None:
        return None
    tokens: list[JsonValue] = [
        {"id": token, "logprob": logprob} for token, logprob in zip(writing.tokens, writing.logprobs, strict=True)
    ]
    timings = {"load_seconds": round(loaded, 6), **_timings(writing.stats)}
    result = _result(model, writing.prompt_tokens, tokens, writing.text, record.finish_reason, timings, record.logits)
    dated = result if record.date is None else {**result, "date": record.date}
    return dated if record.story is None else {**dated, "story": record.story.value()}


def _mode(options: Namespace) -> Mode:
    return "chat" if options.chat else "story" if options.story else "raw"


def run_score(options: Namespace) -> tuple[dict[str, JsonValue], str]:
    """Score the continuation; return the JSON object, and a table for people."""
    start = time.perf_counter()
    model = _open(options)
    loaded = time.perf_counter()
    scored = model.score(options.continuation, prompt=options.prompt)
    seconds = time.perf_counter() - loaded
    prompt, _ = encode_continuation(model.tokenizer, options.prompt, options.continuation)
    timings: dict[str, JsonValue] = {
        "load_seconds": round(loaded - start, 6),
        "score_seconds": round(seconds, 6),
        "tokens_per_second": round((len(prompt) + len(scored)) / seconds, 3),
    }
    tokens: list[JsonValue] = [{"id": s.id, "logprob": s.logprob, "best": s.best} for s in scored]
    result = _result(model, prompt, tokens, options.continuation, "given", timings)
    total = sum(s.logprob for s in scored)
    lines = [f"{'id':>8} {'logprob':>12} {'best':>8}  text"]
    lines += [f"{s.id:8} {s.logprob:12.6f} {s.best:8}  {model.tokenizer.decode([s.id])!r}" for s in scored]
    return result, "\n".join([*lines, f"{len(scored):,} tokens, {total:.6f} in all"])


def _open(options: Namespace) -> Model:
    """Open the model, for texts of the context asked for."""
    return open_paths(
        options.model,
        tokenizer=options.tokenizer,
        backend=options.backend,
        expected=expected_digests(options),
        task="generate",
        context=options.context,
    )


def expected_digests(options: Namespace) -> Expected | None:
    sha256, sha3_256 = options.expect_sha256, options.expect_sha3_256
    if sha256 is None and sha3_256 is None:
        return None
    return Expected(sha256 and sha256.strip(), sha3_256 and sha3_256.strip())


def _result(
    model: Model,
    prompt: Sequence[int],
    tokens: list[JsonValue],
    text: str,
    reason: str,
    timings: dict[str, JsonValue],
    logits: Sequence[str] | None = None,
) -> dict[str, JsonValue]:
    digests = digests_shown(model.digests)
    if len(model.files) > 1:
        digests["files"] = [{"name": name, **digests_shown(each)} for name, each in model.files]
    if model.tokenizer_digests is not None:
        digests["tokenizer"] = digests_shown(model.tokenizer_digests)
    if logits is not None:
        digests["logits"] = list(logits)
    return {
        "prompt_tokens": list(prompt),
        "tokens": tokens,
        "text": text,
        "finish_reason": reason,
        "timings": timings,
        "digests": digests,
    }


def digests_shown(digests: Digests) -> dict[str, JsonValue]:
    """Return digests as JSON has them."""
    return {"sha256": digests.sha256, "sha3_256": digests.sha3_256, "size": digests.size}


def _timings(stats: Stats) -> dict[str, JsonValue]:
    return {
        "prefill_seconds": _rounded(stats.prefill_seconds),
        "prefill_tokens_per_second": _rounded(stats.prefill_rate),
        "first_token_seconds": _rounded(stats.first_token_seconds),
        "decode_seconds": _rounded(stats.decode_seconds),
        "decode_tokens_per_second": _rounded(stats.decode_rate),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def describe(options: Namespace) -> str:
    """Return a model's digests, metadata and tensors as tables; hashed first, then parsed."""
    files, digests = verify(blobs_of_model(options.model), expected_digests(options))
    with opening(files[0].blob.name, digests.size):
        file = parse_model([file.blob for file in files])
    head = [("file", file.name)] if len(files) == 1 else [("files", str(len(files)))]
    head += [
        ("format", file.format),
        ("architecture", file.architecture),
        ("size", f"{digests.size:,} bytes"),
        ("SHA-256", digests.sha256),
        ("SHA3-256", str(digests.sha3_256)),
    ]
    parts = [_columns(head)]
    if len(files) > 1:
        rows = [(each.blob.name, f"{each.digests.size:,}", each.digests.sha256) for each in files]
        parts += [f"Files ({len(files)}): name, bytes, SHA-256", _columns(rows)]
    parts += [f"Metadata ({len(file.metadata)})", _columns(_metadata(file))]
    tensors = [
        (tensor.name, tensor.type.name, _shape(tensor), f"{tensor.nbytes:,}") for tensor in file.tensors.values()
    ]
    return "\n\n".join([*parts, f"Tensors ({len(tensors)}): name, type, shape, bytes", _columns(tensors)])


def _metadata(file: ModelFile) -> list[tuple[str, str]]:
    rows = []
    for key, value in file.metadata.items():
        if isinstance(value, str | bool | int | float):
            shown = repr(value) if isinstance(value, str) else str(value)
        else:
            first = ", ".join(str(item) for item in value[:4])
            shown = f"{len(value):,} values: {first}{', ...' if len(value) > 4 else ''}"
        rows.append((key, shown if len(shown) <= _ROWS_SHOWN else shown[: _ROWS_SHOWN - 3] + "..."))
    return rows


def _shape(tensor: TensorInfo) -> str:
    return " x ".join(map(str, tensor.shape))


def _columns(rows: Sequence[tuple[str, ...]]) -> str:
    rows = [tuple(map(visible_line, row)) for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
