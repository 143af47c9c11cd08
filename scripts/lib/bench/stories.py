# SPDX-License-Identifier: Apache-2.0
"""What stories come out well: openings are gone on with in each setting, and what comes of it is counted.

    python stories.py [--openings N] [--seeds N] [--tokens N] [--only NAME ...] [--model NAME]

In come the two models of the set-up and the openings of openings.txt. Out go a table in Markdown on standard output,
and in FOLDER each setting's stories as JSON lines, to be read. Seeds are 1, 2, ...; the same figures come of every run.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import taleproof
from taleproof import Model
from taleproof.errors import PromptTooLongError


ROOT = Path(__file__).parents[3]
OPENINGS = (Path(__file__).parent / "openings.txt").read_text(encoding="utf-8").splitlines()
SMOLLM2 = [ROOT / "public" / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"]
STORIES260K = [ROOT / "tests" / "fixtures" / name for name in ("stories260K.bin", "tok512.bin")]

EARLY = (100, 160)
"""A story that ends by itself before so many tokens ended early."""

_PAGE = {"temperature": 0.8, "top_p": 0.95, "top_k": 40, "repeat_penalty": 1.1}
_DRY = {"temperature": 0.8, "min_p": 0.05, "dry_multiplier": 0.8}
SETTINGS: dict[str, dict[str, Any]] = {
    "raw, 0.8": {"mode": "raw", "temperature": 0.8},
    "chat, 0.8": {"mode": "chat", "temperature": 0.8},
    "story, 0.8": {"mode": "story", "temperature": 0.8},
    "story, 0.8, top-p 0.95, top-k 40, penalty 1.1": {"mode": "story", **_PAGE},
    "the same, no end before 160": {"mode": "story", **_PAGE, "min_tokens": 160},
    "story, 0.8, min-p 0.05, DRY 0.8, no end before 160": {"mode": "story", **_DRY, "min_tokens": 160},
    "raw, 0.8, min-p 0.05, DRY 0.8": {"mode": "raw", **_DRY},
    "story, 1.0, min-p 0.1": {"mode": "story", "temperature": 1.0, "min_p": 0.1},
}

_KINDS = "story|tale|passage|narrative|essay|excerpt|poem|piece"
_REMARKS = (
    "is|was|explores?|shows?|highlights?|illustrates?|serves?|begins|ends|revolves|follows|takes place|teaches|tells"
)
_LABELS = "Questions?|Answers?|Q|A|Note|Title|Prompt|Task|Instructions?|Summary|Example|Options?"
GIVE_AWAYS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"^\s*(?:\d{1,2}[.)]|[-*•])\s",  # lists
        r"^\s*#|\*\*",  # headings
        rf"^\s*(?:{_LABELS}):",
        rf"\b[Ii]n this (?:{_KINDS}|article|scenario|scene|chapter)\b",
        rf"\b[Tt]h(?:is|e) (?:{_KINDS})(?: of \w+)? (?:{_REMARKS})\b",
        r"\b(?:[Ww]hat do you think|[Cc]an you|[Hh]ow would you|[Ww]hat would you do)\b[^\"”]*\?\s*$",
        r"\b[Tt]he (?:moral of|reader|author|narrator|protagonist)\b|\bmain character\b",
        r"\b(?:AI|language model|assistant|SmolLM|Hugging Face)\b",
        r"^\s*(?:In conclusion|Overall|To summarize|In summary|Here(?:'s| is| are)|Sure|Certainly|I'm sorry)\b",
        r"\b(?:I hope this|[Ll]et me know if|[Ff]eel free to)\b",
    )
)
"""What a text says that is no story, or none any more."""

JUDGED = 400
"""Characters of a story that the other model reads: stories260K has 512 tokens, most of one or two letters."""

_WORD = re.compile(r"\w+(?:['’]\w+)?|[^\w\s]")


@dataclass(frozen=True)
class Told:
    """One story, and what was found in it."""

    opening: str
    seed: int
    text: str
    tokens: int
    reason: str
    left: str | None
    repeated: float
    distinct: float
    logprob: float | None


def tell(
    model: Model, judge: Model, openings: Iterable[str], seeds: int, tokens: int, setting: dict[str, Any]
) -> list[Told]:
    """Write all stories of one setting; a bar of dots on standard error says how far it is."""
    told = []
    for opening in openings:
        for seed in range(1, seeds + 1):
            writing = model.generate(opening, seed=seed, max_tokens=tokens, **setting)
            for _ in writing:
                pass
            words = _WORD.findall(writing.text.lower())
            found = Told(
                opening,
                seed,
                writing.text,
                len(writing.tokens),
                str(writing.finish_reason),
                leaves(writing.text),
                repeated(words),
                distinct(words),
                judged(judge, opening, writing.text),
            )
            told.append(found)
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return told


def leaves(text: str) -> str | None:
    """Return what gives away that a text is no story any more; None if nothing does."""
    return next((found[0].strip() for pattern in GIVE_AWAYS if (found := pattern.search(text))), None)


def repeated(words: Sequence[str]) -> float:
    """Return which share of the 4-grams had been there before."""
    grams = list(zip(*(words[start:] for start in range(4)), strict=False))
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def distinct(words: Sequence[str]) -> float:
    """Return which share of the pairs of words are different ones (distinct-2: Li et al., 2016)."""
    pairs = list(pairwise(words))
    return len(set(pairs)) / len(pairs) if pairs else 0.0


def judged(judge: Model, opening: str, text: str) -> float | None:
    """Return the mean log probability that another model gives the tokens of a story's beginning."""
    text = text[:JUDGED]
    while text.strip():
        try:
            scored = judge.score(text, prompt=opening)
        except PromptTooLongError:
            text = text[: len(text) // 2]
        else:
            return sum(token.logprob for token in scored) / len(scored)
    return None


def row(model: str, setting: str, told: Sequence[Told]) -> str:
    """Return a setting's row of the table."""
    count = len(told)

    def share(chosen: Iterable[object]) -> str:
        return f"{100 * sum(map(bool, chosen)) / count:.0f} %"

    def mean(values: Iterable[float]) -> float:
        listed = list(values)
        return sum(listed) / len(listed) if listed else float("nan")

    cells = [
        model,
        setting,
        str(count),
        *(share(one.reason == "stop" and one.tokens < early for one in told) for early in EARLY),
        share(one.left for one in told),
        f"{100 * mean(one.repeated for one in told):.1f} %",
        f"{mean(one.distinct for one in told):.3f}",
        f"{mean(one.logprob for one in told if one.logprob is not None):.2f}",
    ]
    return f"| {' | '.join(cells)} |"


COLUMNS = (
    *("model", "setting", "n"),
    *(f"ended before {early}" for early in EARLY),
    *("left the story", "repeated 4-grams", "distinct-2", "other model"),
)
HEAD = f"| {' | '.join(COLUMNS)} |\n| --- | --- |{' --: |' * (len(COLUMNS) - 2)}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Which settings give good stories.")
    parser.add_argument("--openings", type=int, default=len(OPENINGS), help=f"the first N of {len(OPENINGS)}")
    parser.add_argument("--seeds", type=int, default=3, help="seeds for each; default 3")
    parser.add_argument("--tokens", type=int, default=max(EARLY), help=f"to write at most; default {max(EARLY)}")
    parser.add_argument("--only", action="append", metavar="NAME", help="settings by their beginning")
    parser.add_argument("--model", choices=["SmolLM2-135M", "stories260K"], help="only this one writes")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "stories", help="for the stories themselves")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    models = {"SmolLM2-135M": taleproof.open(SMOLLM2), "stories260K": taleproof.open(STORIES260K)}
    print(HEAD, flush=True)
    for name, model in models.items():
        if options.model not in (None, name):
            continue
        judge = next(other for other in models.values() if other is not model)
        for setting, how in SETTINGS.items():
            wanted = options.only is None or any(setting.startswith(start) for start in options.only)
            if not wanted or (name == "stories260K" and how["mode"] != "raw"):  # it has no chat template
                continue
            told = tell(model, judge, OPENINGS[: options.openings], options.seeds, options.tokens, how)
            lines = "".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in told)
            safe = re.sub(r"\W+", "-", f"{name} {setting}")
            (options.out / f"{safe}.jsonl").write_text(lines, encoding="utf-8")
            print(row(name, setting, told), flush=True)


if __name__ == "__main__":
    main()
