# SPDX-License-Identifier: Apache-2.0
"""What the commands do with a model: options come in, JSON values and tables go out.

It is apart from main.py so that ``--help``, ``digest`` and a mistyped option need not load an engine.
"""

import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from datetime import date

from taleproof.apps.cli.terminal import visible_line
from taleproof.apps.guard import opening
from taleproof.apps.local import LocalModel, blobs_of_model, open_local, verified
from taleproof.apps.model_set import parse_model
from taleproof.chat.prompt import ChatPrompt, chat_template, encode_chat, read_date
from taleproof.errors import ChatTemplateError, InvalidSettingError, JsonValue
from taleproof.formats import ModelFile
from taleproof.formats.model_file import TensorInfo
from taleproof.sampling.chain import SamplerConfig
from taleproof.sampling.logits_digests import LogitsTrail
from taleproof.tasks.engine import Session
from taleproof.tasks.generate import Finished, Limits, Stats, Token, encode_prompt, generate
from taleproof.tasks.score import encode_continuation, score
from taleproof.trust.digest import Digests, Expected


Show = Callable[[str], None]

_ROWS_SHOWN = 72  # characters of a metadata value in a table


def run_generate(
    options: Namespace, config: SamplerConfig, limits: Limits, show: Show | None
) -> dict[str, JsonValue] | None:
    """Write on from the prompt; return the JSON object, or None if the text was shown as it came."""
    today = date.today() if options.date is None else read_date(options.date)
    start = time.perf_counter()
    model, session = _open(options)
    loaded = time.perf_counter() - start
    reads = model.file.start_token is not None  # what such a model writes is an answer in any case
    prompt = (
        _chat_prompt(model, options.prompt, today)
        if options.chat and not reads
        else ChatPrompt(encode_prompt(model.tokenizer, options.prompt), None)
    )
    ids = prompt.ids
    trail = model.engine.trail()
    events = generate(session, model.tokenizer, ids, model.engine.sampler(config), limits, trail=trail)
    if show is not None and not (options.chat or reads):
        show(options.prompt)
    tokens: list[JsonValue] = []
    text = ""
    for event in events:
        if isinstance(event, Token):
            tokens.append({"id": event.id, "logprob": event.logprob})
        if isinstance(event, Token | Finished):
            text += event.text
            if show is not None:
                show(event.text)
        if isinstance(event, Finished) and show is None:
            timings = {"load_seconds": round(loaded, 6), **_timings(event.stats)}
            told: dict[str, JsonValue] = {} if prompt.date is None else {"date": prompt.date.isoformat()}
            return {**_result(model, ids, tokens, text, event.reason, timings, trail), **told}
    return None


def run_score(options: Namespace) -> tuple[dict[str, JsonValue], str]:
    """Score the continuation; return the JSON object, and a table for people."""
    start = time.perf_counter()
    model, session = _open(options)
    loaded = time.perf_counter()
    prompt, continuation = encode_continuation(model.tokenizer, options.prompt, options.continuation)
    scored = list(score(session, prompt, continuation))
    seconds = time.perf_counter() - loaded
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


def _open(options: Namespace) -> tuple[LocalModel, Session]:
    """Open the model and a session of the context asked for."""
    model = open_local(
        *options.model, tokenizer=options.tokenizer, backend=options.backend, expected=expected_digests(options)
    )
    longest = model.engine.config.n_ctx_train
    if options.context is not None and not 1 <= options.context <= longest:
        raise InvalidSettingError("context", options.context, 1, longest)
    return model, model.engine.session(options.context)


def expected_digests(options: Namespace) -> Expected | None:
    sha256, sha3_256 = options.expect_sha256, options.expect_sha3_256
    if sha256 is None and sha3_256 is None:
        return None
    return Expected(sha256 and sha256.strip(), sha3_256 and sha3_256.strip())


def _chat_prompt(model: LocalModel, prompt: str, today: date) -> ChatPrompt:
    template = chat_template(model.file)
    if template is None:
        raise ChatTemplateError("the model has none")
    return encode_chat(model.tokenizer, template, [{"role": "user", "content": prompt}], today=today)


def _result(
    model: LocalModel,
    prompt: list[int],
    tokens: list[JsonValue],
    text: str,
    reason: str,
    timings: dict[str, JsonValue],
    trail: LogitsTrail | None = None,
) -> dict[str, JsonValue]:
    digests = digests_shown(model.digests)
    if len(model.files) > 1:
        digests["files"] = [{"name": file.blob.name, **digests_shown(file.digests)} for file in model.files]
    if model.tokenizer_digests is not None:
        digests["tokenizer"] = digests_shown(model.tokenizer_digests)
    if trail is not None:
        digests["logits"] = trail.digests
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
    files, digests = verified(blobs_of_model(options.model), expected_digests(options))
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
