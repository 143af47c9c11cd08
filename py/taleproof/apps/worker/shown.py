# SPDX-License-Identifier: Apache-2.0
"""Digests, verdicts and models for the page: in come the engine's types, out go the protocol's."""

from collections import Counter
from collections.abc import Iterable

from taleproof.apps.open_model import OpenModel, Writes
from taleproof.apps.worker.protocol import files as protocol
from taleproof.apps.worker.protocol.models import ModelInfo
from taleproof.errors.base import plain
from taleproof.formats import ModelFile
from taleproof.formats.model_file import CHAT_TEMPLATE_KEY
from taleproof.trust.digest import Digests, Expected
from taleproof.trust.registry import RegistryAnswer
from taleproof.trust.verdict import Verdict


def shown_digests(digests: Digests) -> protocol.Digests:
    """Return what was computed of a file."""
    return {"sha256": digests.sha256, "sha3_256": digests.sha3_256, "size": digests.size}


def shown_files(files: Iterable[tuple[str, Digests]]) -> list[protocol.NamedDigests]:
    """Return what was computed of each file, with its name."""
    return [{"name": name, **shown_digests(digests)} for name, digests in files]


def shown_model(model: OpenModel) -> ModelInfo:
    """Return the ModelInfo of an open model."""
    file, tokenizer, does = model.file, model.tokenizer_digests, model.does
    config = does.engine.config if isinstance(does, Writes) else does.config.text
    return {
        "name": plain(file.text("general.name", model.loaded.name)),
        "format": file.format,
        "architecture": file.architecture,
        "parameters": sum(tensor.elements for tensor in file.tensors.values()),
        "quantisation": quantisation(file),
        "hasChatTemplate": CHAT_TEMPLATE_KEY in file.metadata or file.start_token is not None,
        "bytes": model.digests.size,
        "digests": shown_digests(model.digests),
        "files": shown_files(model.loaded.several),
        "tokenizer": None if tokenizer is None else shown_digests(tokenizer),
        "stored": model.loaded.stored,
        "contextLength": config.n_ctx_train,
        "sessionLength": does.session.n_ctx if isinstance(does, Writes) else config.n_ctx_train,
        "positionBytes": does.engine.position_bytes if isinstance(does, Writes) else 0,
        "vocabulary": config.vocab_size,
    }


def quantisation(file: ModelFile) -> str:
    """Return the block type that most weights have."""
    weights: Counter[str] = Counter()
    for tensor in file.tensors.values():
        weights[tensor.type.name] += tensor.elements
    return weights.most_common(1)[0][0] if weights else "none"


def shown_verdict(verdict: Verdict) -> protocol.Verdict:
    """Return a verdict with all that it stands on."""
    return {
        "kind": verdict.kind,
        "expected": None if verdict.expected is None else _expected(verdict.expected),
        "actual": shown_digests(verdict.actual),
        "sentence": verdict.sentence,
        "registry": None if verdict.registry is None else _registry(verdict.registry),
    }


def _expected(expected: Expected) -> protocol.ExpectedDigests:
    return {"sha256": expected.sha256, "sha3_256": expected.sha3_256, "size": expected.size}


def _registry(answer: RegistryAnswer) -> protocol.RegistryAnswer:
    return {
        "status": answer.status,
        "expected": None if answer.expected is None else _expected(answer.expected),
        "model": answer.model,
        "version": answer.version,
        "publisher": answer.publisher,
        "chain": answer.chain,
        "application": answer.application,
        "block": answer.block,
        "as_of": answer.as_of,
        "reason": answer.reason,
    }
