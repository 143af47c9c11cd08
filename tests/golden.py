# SPDX-License-Identifier: Apache-2.0
"""Golden runs: what the engine writes, kept to the bit, one file for each version of its numerics.

The file's models, prompts and samplers come in; token ids and the digests of the logits
(taleproof.sampling.logits_digests) go out. ``python tests/golden.py --write`` adds the runs that the file lacks and
never changes one that it has. When a run may be written anew is in docs/numerics.md.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from fixtures.make import tiny_gguf
from scripted import generate
from taleproof.formats import ModelFile, parse
from taleproof.io.reader import BytesBlob
from taleproof.memory.wasmtime import WasmtimeArena
from taleproof.nn.numerics import NUMERICS_VERSION
from taleproof.quant import KERNEL_TYPES
from taleproof.sampling.config import SamplerConfig
from taleproof.sampling.logits_digests import EVERY
from taleproof.tasks.base import Finished, Token
from taleproof.tasks.engine import Engine, open_wasm
from taleproof.tasks.generate import Limits, encode_prompt
from taleproof.tokenizers import Tokenizer, from_llama2c, from_model


ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
FOLDER = FIXTURES / "golden"
SMOLLM2 = ROOT / "public" / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"

MAX_TOKENS = 128
TINY_MAX_TOKENS = 48
"""Fewer, because a tiny model's context is 96."""

TINY_PROMPTS = ("plain", "emoji")

GREEDY = "greedy"
SAMPLERS: dict[str, dict[str, Any]] = {
    GREEDY: {},
    "warm": {"temperature": 0.8, "top_p": 0.95},
    "top-k": {"temperature": 1.1, "top_k": 40},
    "every filter": {"temperature": 0.9, "top_p": 0.9, "top_k": 200, "min_p": 0.02, "repeat_penalty": 1.1},
    "hot": {"temperature": 1.5},
    "boiling": {"temperature": 50.0},
}
SAMPLED = ("warm", "top-k", "every filter", "hot")
"""Prompts take them in turn."""

TINY_SAMPLED = ("boiling",)
"""Tiny models are very sure of themselves: only at such a temperature does more than one token have a chance."""


@dataclass(frozen=True)
class Run:
    """One story: what is asked for, and what came of it."""

    prompt: str
    sampler: str
    seed: int
    tokens: tuple[int, ...] = ()
    reason: str = ""
    logits: tuple[str, ...] = ()

    @property
    def request(self) -> "Run":
        """The same without what came of it."""
        return Run(self.prompt, self.sampler, self.seed)

    def value(self) -> dict[str, Any]:
        """Return what the file says of it."""
        return {**vars(self), "tokens": " ".join(map(str, self.tokens)), "logits": list(self.logits)}

    @staticmethod
    def read(value: dict[str, Any]) -> "Run":
        """Read what the file says."""
        tokens = tuple(map(int, value["tokens"].split()))
        return Run(**{**value, "tokens": tokens, "logits": tuple(value["logits"])})


@dataclass(frozen=True)
class Source:
    """A model's bytes, its llama2.c tokenizer if it needs one, and the runs that are wanted of it."""

    read: Callable[[], bytes]
    tokenizer: Path | None
    prompts: tuple[str, ...]
    sampled: tuple[str, ...]
    max_tokens: int

    def requests(self) -> Iterator[Run]:
        """Yield each prompt twice: always the likeliest token, and with a sampler and a seed of its own."""
        for index, prompt in enumerate(self.prompts):
            yield Run(prompt, GREEDY, 0)
            yield Run(prompt, self.sampled[index % len(self.sampled)], 1000 + index)


TYPES = (
    *("F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"),
    *("IQ4_NL", "IQ4_XS", "MXFP4", "TQ1_0", "TQ2_0"),
)
"""Block types that have a kernel, in the file's order: a new one comes last. Others become F32 when they are loaded."""


@cache
def prompts() -> dict[str, str]:
    """Return the prompts by name."""
    texts: dict[str, str] = json.loads((FOLDER / "prompts.json").read_text("utf-8"))
    return texts


def sources() -> dict[str, Source]:
    """Return the models by name."""
    every = tuple(prompts())
    found = {
        "smollm2": Source(SMOLLM2.read_bytes, None, every, SAMPLED, MAX_TOKENS),
        "stories260K": Source(
            (FIXTURES / "stories260K.bin").read_bytes, FIXTURES / "tok512.bin", every, SAMPLED, MAX_TOKENS
        ),
    }
    assert set(TYPES) == KERNEL_TYPES
    for name in TYPES:
        found[f"tiny {name}"] = Source(partial(tiny_gguf, name), None, TINY_PROMPTS, TINY_SAMPLED, TINY_MAX_TOKENS)
    return found


@dataclass(frozen=True)
class OpenGolden:
    """A model that can write."""

    engine: Engine
    tokenizer: Tokenizer
    max_tokens: int

    def write(self, request: Run) -> Run:
        """Write a story from its beginning."""
        config = SamplerConfig(seed=request.seed, **SAMPLERS[request.sampler])
        engine, digests = self.engine, self.engine.logits_digests()
        tokens: list[int] = []
        reason = ""
        for event in generate(
            engine.session(),
            self.tokenizer,
            encode_prompt(self.tokenizer, prompts()[request.prompt]),
            engine.sampler(config, self.tokenizer.token_bytes),
            Limits(self.max_tokens),
            logits_digests=digests,
        ):
            if isinstance(event, Token):
                tokens.append(event.id)
            elif isinstance(event, Finished):
                reason = event.reason
        return Run(request.prompt, request.sampler, request.seed, tuple(tokens), reason, tuple(digests.digests))


def opened(source: Source, data: bytes, build: str = "relaxed", threads: int = 1) -> OpenGolden:
    """Open a model under wasmtime."""
    return opened_in(WasmtimeArena(build, threads=threads), source, data)


def opened_in(arena: WasmtimeArena, source: Source, data: bytes) -> OpenGolden:
    """Open a model in a fresh arena."""
    base = arena.allocate(len(data))
    arena.write(base, data)
    file = parse(BytesBlob(data))
    return OpenGolden(open_wasm(arena, file, [base]), _tokenizer(source, file), source.max_tokens)


def _tokenizer(source: Source, file: ModelFile) -> Tokenizer:
    if source.tokenizer is None:
        return from_model(file)
    return from_llama2c(BytesBlob(source.tokenizer.read_bytes()), file.integer("llama.vocab_size"))


@dataclass(frozen=True)
class Kept:
    """What the file has of one model."""

    sha256: str
    max_tokens: int
    runs: tuple[Run, ...]

    def value(self) -> dict[str, Any]:
        """Return what the file says of it."""
        return {**vars(self), "runs": [run.value() for run in self.runs]}


def path_of(version: int = NUMERICS_VERSION) -> Path:
    """Return where the runs of a version are."""
    return FOLDER / f"golden-v{version}.json"


def kept(path: Path) -> dict[str, Kept]:
    """Return the runs of a file by model."""
    models = json.loads(path.read_text("utf-8"))["models"]
    return {
        name: Kept(model["sha256"], model["max_tokens"], tuple(map(Run.read, model["runs"])))
        for name, model in models.items()
    }


def completed(name: str, source: Source, before: Kept | None) -> Kept:
    """Return a model's runs, those that were missing written now.

    Raises
    ------
    ValueError : the file has runs of other bytes by that name.
    """
    data = source.read()
    sha256 = hashlib.sha256(data).hexdigest()
    if before is not None and (before.sha256, before.max_tokens) != (sha256, source.max_tokens):
        raise ValueError(f"{name}: the file's runs are those of another model")
    have = {run.request: run for run in before.runs} if before else {}
    requests = list(source.requests())
    if missing := [run for run in requests if run not in have]:
        model = opened(source, data)
        for run in missing:
            have[run] = model.write(run)
        print(f"{name}: {len(missing)} runs written", file=sys.stderr)
    return Kept(sha256, source.max_tokens, tuple(have[run] for run in requests))


def as_text(models: dict[str, Kept]) -> str:
    """Return the file's text: JSON with a line for each run, so that a change is seen run by run."""
    head = {"numerics": NUMERICS_VERSION, "every": EVERY, "samplers": SAMPLERS}
    parts = [f'  "{key}": {json.dumps(value)}' for key, value in head.items()]
    blocks = []
    for name, model in models.items():
        value = model.value()
        runs = ",\n".join(f"        {json.dumps(run)}" for run in value["runs"])
        blocks.append(
            f'    "{name}": {{\n      "sha256": "{model.sha256}",\n      "max_tokens": {model.max_tokens},\n'
            f'      "runs": [\n{runs}\n      ]\n    }}'
        )
    parts.append('  "models": {\n' + ",\n".join(blocks) + "\n  }")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    """Add the runs that the file of the present version lacks."""
    parser = argparse.ArgumentParser(description="Golden runs of the engine; see docs/numerics.md.")
    parser.add_argument("--write", action="store_true", required=True, help="add the runs that the file lacks")
    parser.parse_args()
    path = path_of()
    before = kept(path) if path.is_file() else {}
    models = {name: completed(name, source, before.get(name)) for name, source in sources().items()}
    path.write_text(as_text(models), "utf-8")


if __name__ == "__main__":
    main()
