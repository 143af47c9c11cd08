# SPDX-License-Identifier: Apache-2.0
"""The record of a story: everything that writes it again, as canonical JSON with a digest.

What was run comes in, JSON values go out, and their canonical form (canonical_json.py), so that the same story has the
same bytes and the same SHA-256 everywhere.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

from taleproof.errors import JsonValue
from taleproof.nn.numerics import NUMERICS_VERSION
from taleproof.record.canonical_json import canonical_json
from taleproof.sampling.config import SamplerConfig
from taleproof.sampling.logits_digests import EVERY
from taleproof.tasks.base import FinishReason
from taleproof.tasks.generate import Limits
from taleproof.tokenizers.base import well_formed
from taleproof.trust.digest import Digests


FORMAT = "taleproof-story/1"


@dataclass(frozen=True)
class StoryForm:
    """What the model was asked for in the mode ``story``.

    Attributes
    ----------
    language, request_sha256 : which request of chat/story_requests.py.
    memory : what the request says must not be forgotten; "" for nothing.
    """

    language: str
    request_sha256: str
    memory: str

    def value(self) -> dict[str, JsonValue]:
        """Return it as JSON values."""
        memory = well_formed(self.memory)
        return {"language": self.language, "request_sha256": self.request_sha256, "memory": memory}


@dataclass(frozen=True)
class StoryRecord:
    """One story and what wrote it.

    Attributes
    ----------
    model_name, model : the file's name, which proves nothing, and its digests, which do.
    files : name and digests of each, of a model in several; ``model`` is then what digest.digest_list makes of them.
    tokenizer : the digests of tokenizer.bin; None where the model's file brings its tokenizer.
    kernels : the SHA-256 of the kernels' module; None on the numpy backend.
    prompt, prompt_tokens : what was given, and what the model read.
    mode : whether the prompt was gone on with as it is, put into the model's chat form as a request, or taken for the
        beginning of the answer to a request for a story.
    sampler, limits : how the tokens were chosen, and where the text had to end.
    context : positions of the session.
    tokens, text, finish_reason : what was written. ``stopped`` is by the person.
    logits : the running digests of sampling/logits_digests.py.
    engine : the engine's version; None in records that do not name it.
    date : the date that the chat template was given, such as "2026-02-03"; None where it did not ask. A chat story
        whose record has none is written again with DEFAULT_DAY of chat/prompt.py.
    story : in the mode ``story``, what was asked for.

    The last three are left out of the JSON where they are None, so that records without them keep their digests. So are
    settings of the sampler and limits that the first records did not have, where they are off.
    """

    model_name: str
    model: Digests
    tokenizer: Digests | None
    kernels: str | None
    prompt: str
    mode: Literal["raw", "chat", "story"]
    prompt_tokens: tuple[int, ...]
    context: int
    sampler: SamplerConfig
    limits: Limits
    tokens: tuple[int, ...]
    text: str
    finish_reason: FinishReason | Literal["stopped"]
    logits: tuple[str, ...]
    files: tuple[tuple[str, Digests], ...] = ()
    engine: str | None = None
    date: str | None = None
    story: StoryForm | None = None

    def value(self) -> dict[str, JsonValue]:
        """Return the record as JSON values; the seed, which may go beyond 2**53, is a string of digits."""
        sampler = self.sampler
        return {
            "format": FORMAT,
            "numerics": NUMERICS_VERSION,
            "kernels": self.kernels,
            "model": {"name": well_formed(self.model_name), **_digests(self.model), **self._files()},
            "tokenizer": None if self.tokenizer is None else _digests(self.tokenizer),
            "prompt": well_formed(self.prompt),
            "mode": self.mode,
            "prompt_tokens": list(self.prompt_tokens),
            "sampler": {
                "seed": str(sampler.seed),
                "temperature": sampler.temperature,
                "top_p": sampler.top_p,
                "top_k": sampler.top_k,
                "min_p": sampler.min_p,
                "repeat_penalty": sampler.repeat_penalty,
                "repeat_last_n": sampler.repeat_last_n,
                **_dry(sampler),
                **_xtc(sampler),
            },
            "limits": {
                "max_tokens": self.limits.max_tokens,
                "stop": [well_formed(stop) for stop in self.limits.stop],
                "context": self.context,
                **({"min_tokens": self.limits.min_tokens} if self.limits.min_tokens else {}),
                **({"end_at_sentence": self.limits.end_at_sentence} if self.limits.end_at_sentence else {}),
                **({"past_ends": self.limits.past_ends} if self.limits.past_ends else {}),
            },
            "tokens": list(self.tokens),
            "text": well_formed(self.text),
            "finish_reason": self.finish_reason,
            "logits": {"every": EVERY, "sha256": list(self.logits)},
            **({} if self.engine is None else {"engine": self.engine}),
            **({} if self.date is None else {"chat": {"date": self.date}}),
            **({} if self.story is None else {"story": self.story.value()}),
        }

    def _files(self) -> dict[str, JsonValue]:
        if not self.files:
            return {}
        return {"files": [{"name": well_formed(name), **_digests(digests)} for name, digests in self.files]}

    def canonical(self) -> str:
        """Return the record as canonical JSON."""
        return canonical_json(self.value())

    def sha256(self) -> str:
        """Return the SHA-256 of the canonical JSON's UTF-8 bytes."""
        return hashlib.sha256(self.canonical().encode("utf-8")).hexdigest()


def _dry(sampler: SamplerConfig) -> dict[str, JsonValue]:
    if not sampler.dry:
        return {}
    return {
        "dry": {
            "multiplier": sampler.dry_multiplier,
            "base": sampler.dry_base,
            "allowed_length": sampler.dry_allowed_length,
            "last_n": sampler.dry_last_n,
            "sequence_breakers": [well_formed(text) for text in sampler.dry_sequence_breakers],
        }
    }


def _xtc(sampler: SamplerConfig) -> dict[str, JsonValue]:
    if not sampler.xtc:
        return {}
    return {"xtc": {"probability": sampler.xtc_probability, "threshold": sampler.xtc_threshold}}


def _digests(digests: Digests) -> dict[str, JsonValue]:
    return {"sha256": digests.sha256, "sha3_256": digests.sha3_256, "size": digests.size}
