# SPDX-License-Identifier: Apache-2.0
"""Measures what Hugging Face's library takes each of Unicode's characters for, and writes it as the table that we use.

Usage: python scripts/measure_unicode.py [TARGET]
In: the package tokenizers at the version of requirements.txt. Out: unicode_table.bin, the JSON object that
py/taleproof/tokenizers/unicode/characters.py reads, compressed.

The library's parts have their tables from several crates, each of its own version of Unicode, so no one version of
Unicode's own files gives these ids. The library is therefore asked for each of the 1,112,064 characters.
"""

import json
import sys
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import regex
from tokenizers import Regex, normalizers, pre_tokenizers


TARGET = Path(__file__).parents[1] / "py/taleproof/tokenizers/unicode/unicode_table.bin"
ALL = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
HANGUL = range(0xAC00, 0xAC00 + 11172)
ENDS = ("\u0334", "\u0345")
"""Marks of the lowest and the highest combining class: every mark changes places with one of the two."""

BLOCK = 512

Ranges = list[int]


def written_by(normalizer: normalizers.Normalizer, texts: list[str], between: str = "\0") -> dict[str, str]:
    """Return what each text becomes, of those that change."""
    written = normalizer.normalize_str(between.join(texts)).split(between)
    return {text: new for text, new in zip(texts, written, strict=True) if text != new}


def matched(expression: str, text: str) -> set[str]:
    """Return the characters that an expression of one character finds."""
    new = normalizers.Replace(Regex(expression), "\0").normalize_str(text)
    return {char for char, after in zip(text, new, strict=True) if after == "\0"}


def words(pre_tokenizer: pre_tokenizers.PreTokenizer, texts: list[str]) -> Iterator[str]:
    """Yield the words of texts, which are joined, a block at a time: the library's time grows with its square."""
    for start in range(0, len(texts), BLOCK):
        for word, _ in pre_tokenizer.pre_tokenize_str("".join(texts[start : start + BLOCK])):
            yield word


def set_apart(pre_tokenizer: pre_tokenizers.PreTokenizer) -> set[str]:
    """Return the characters that become words by themselves."""
    return {word for word in words(pre_tokenizer, [f"aa{char}aa" for char in ALL if char != "a"]) if len(word) == 1}


def ranges(chars: Iterable[str]) -> Ranges:
    """Return first, count, first, count ..., each first less the end before it."""
    codes = sorted(map(ord, chars))
    found: Ranges = []
    end = 0
    for _, group in groupby(enumerate(codes), lambda pair: pair[1] - pair[0]):
        run = [code for _, code in group]
        found += [run[0] - end, len(run)]
        end = run[-1] + 1
    return found


def combining_classes(decompose: normalizers.Normalizer) -> dict[int, list[str]]:
    """Return the marks of each class, found by which others they change places with."""
    plain = [char for char in ALL[1:] if ord(char) not in HANGUL]
    marks = set(ENDS)
    for end in ENDS:
        after = written_by(decompose, [char + end for char in plain])
        before = written_by(decompose, [end + char for char in plain])
        marks |= {pair[0] for pair, new in after.items() if new == pair[::-1]}
        marks |= {pair[1] for pair, new in before.items() if new == pair[::-1]}
    marks = {mark for mark in marks if _stays(decompose, mark)}
    # A class's number is Python's for one of its marks: no two classes have become one, or the other way round.
    examples = {unicodedata.combining(mark): mark for mark in sorted(marks, reverse=True)}
    classes: dict[int, list[str]] = {}
    for mark in sorted(marks):
        same = [
            number
            for number, example in examples.items()
            if mark == example or (_stays(decompose, mark + example) and _stays(decompose, example + mark))
        ]
        if len(same) != 1:
            raise ValueError(f"U+{ord(mark):04X} has the combining classes {same}")
        classes.setdefault(same[0], []).append(mark)
    return classes


def _stays(normalizer: normalizers.Normalizer, text: str) -> bool:
    return str(normalizer.normalize_str(text)) == text


def compositions(canonical: dict[str, str], compose: normalizers.Normalizer) -> Iterator[tuple[str, str]]:
    """Yield each pair of characters that becomes one, and what it becomes."""
    for char, parts in canonical.items():
        if ord(char) in HANGUL or len(parts) < 2 or not _stays(compose, char):
            continue
        first = compose.normalize_str(parts[:-1])
        if len(first) != 1 or compose.normalize_str(first + parts[-1]) != char:
            raise ValueError(f"U+{ord(char):04X} is not composed of two characters")
        yield first + parts[-1], char


def table() -> dict[str, object]:
    """Return the whole table."""
    decompose, compatible, compose = normalizers.NFD(), normalizers.NFKD(), normalizers.NFC()
    canonical = {a: b for a, b in written_by(decompose, ALL[1:]).items() if ord(a) not in HANGUL}
    compat = {
        a: b for a, b in written_by(compatible, ALL[1:]).items() if ord(a) not in HANGUL and canonical.get(a) != b
    }
    pairs = dict(compositions(canonical, compose))
    bert = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    clean = written_by(
        normalizers.BertNormalizer(**bert | {"clean_text": True}), [f"a{c}" for c in ALL if c != "|"], "|"
    )
    accents = written_by(normalizers.BertNormalizer(**bert | {"strip_accents": True}), [f"a{c}" for c in ALL[1:]])
    kinds = {
        "unseen": {text[1] for text, new in clean.items() if new == "a"} | {"\0"},
        "space": {text[1] for text, new in clean.items() if new == "a "} | {" "},
        "accent": {text[1] for text, new in accents.items() if new == "a"},
        "mark": {text for text, new in written_by(normalizers.StripAccents(), ALL[1:]).items() if not new},
        "ideograph": {
            text
            for text, new in written_by(
                normalizers.BertNormalizer(**bert | {"handle_chinese_chars": True}), ALL[1:]
            ).items()
            if new == f" {text} "
        },
        "bert_punctuation": set_apart(pre_tokenizers.BertPreTokenizer()),
        "punctuation": set_apart(pre_tokenizers.Punctuation()),
        "number": set_apart(pre_tokenizers.Digits(individual_digits=True)),
        "white": set(ALL).difference(*words(pre_tokenizers.WhitespaceSplit(), ALL)),
        "word": {
            word[1] for word in words(pre_tokenizers.Whitespace(), [f" a{char}" for char in ALL]) if len(word) == 2
        },
    }
    everything = "".join(ALL[1:])
    new = matched(r"\p{C}", everything) - set(regex.findall(r"\p{C}", everything))
    return {
        "canonical": canonical,
        "compatible": compat,
        "pairs": pairs,
        "lower": written_by(normalizers.Lowercase(), ALL[1:]),
        "classes": {str(number): ranges(marks) for number, marks in combining_classes(decompose).items()},
        "sets": {name: ranges(chars) for name, chars in {**kinds, "unassigned": new}.items()},
    }


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    text = json.dumps(table(), ensure_ascii=False, separators=(",", ":"))
    target.write_bytes(zlib.compress(text.encode(), 9))
    print(f"{len(text):,} characters, {target.stat().st_size:,} bytes")
