# SPDX-License-Identifier: Apache-2.0
"""Where a sentence ends: a text and what follows it come in, yes or no comes out.

For English, German, Spanish, Chinese and Japanese: a full stop, an exclamation or question mark or an ellipsis, with
the closing quotes and brackets after it. It is no end after an abbreviation or an initial, after a number of up to
three digits (an ordinal as "am 3. Mai", the beginning of a decimal), or where a small letter follows. A year with its
full stop is one. Nothing is refused.
"""

import re
from typing import Literal


SentenceEnd = Literal["finish", "cut"]
"""How a text ends at a sentence: it goes on past its limit to the end of one, or is cut back to the last one."""

_WIDE_MARKS = "。！？｡．"  # of Chinese and Japanese, which have no space between sentences
_MARKS = ".!?…‽" + _WIDE_MARKS
_CLOSERS = "\"'’”“»«›‹)]}」』）】〉》〕］｣*_"
LONGEST_SENTENCE_END = 40
"""Characters that are looked at: more than any abbreviation with its closers has."""

_END = re.compile(rf"([{re.escape(_MARKS)}])[{re.escape(_CLOSERS)}]*\s*\Z")
_BELONGS = re.compile(rf"[{re.escape(_MARKS + _CLOSERS)}]")  # directly after a mark, these are the sentence's still
_LAST_WORD = re.compile(r"(?:^|[\s\"'’”“„»«›‹(\[{¿¡—–-])([^\s\"'’”“„»«›‹(\[{¿¡—–]*)\.\Z")

_ENGLISH = """mr mrs ms mx dr prof rev hon gen col maj capt lt sgt cmdr gov sen rep st jr sr mt vs etc approx dept est
vol e.g i.e a.m p.m cf al inc ltd co corp"""
_GERMAN = """z.b d.h u.a o.ä z.t u.u v.a s.o s.u bzw usw evtl ggf vgl ca nr hr fr frl dr prof st bd jh jhd str abs geb
gest inkl zzgl dipl ing hl tel"""
_SPANISH = """sr sra srta dr dra d dña ud uds vd vds pág págs núm avda gral tte cnel lic ee.uu p.ej aprox tel"""
_ABBREVIATIONS = frozenset(f"{_ENGLISH} {_GERMAN} {_SPANISH}".split())


def ends_sentence(text: str, following: str = "") -> bool:
    """Return whether a sentence ends at the end of `text`.

    Parameters
    ----------
    following : what comes directly after it; empty where it is not known.
    """
    text = text[-LONGEST_SENTENCE_END:]
    found = _END.search(text)
    if found is None:
        return False
    touching = following and not text[-1].isspace() and not following[0].isspace()
    if touching and (_BELONGS.match(following) or found[1] not in _WIDE_MARKS):
        return False
    if following.lstrip()[:1].islower():
        return False
    return found[1] != "." or not _is_abbreviated(text[: found.start() + 1])


def _is_abbreviated(text: str) -> bool:
    """Return whether the full stop at the end of `text` belongs to its last word."""
    if text.endswith(".."):
        return False
    found = _LAST_WORD.search(text)
    word = found[1] if found else ""
    if word.isdigit():
        return len(word) <= 3
    return (len(word) == 1 and word.isalpha()) or word.lower() in _ABBREVIATIONS
