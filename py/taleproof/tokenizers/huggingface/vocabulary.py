# SPDX-License-Identifier: Apache-2.0
"""All tokens of a tokenizer.json, and the roles that tokenizer_config.json gives to some of them."""

from collections.abc import Callable, Mapping

import numpy as np

from taleproof.tokenizers.huggingface.added import Added
from taleproof.tokenizers.huggingface.part import Part
from taleproof.tokenizers.huggingface.post_processors import Around
from taleproof.tokenizers.vocabulary import END_TEXTS, MAX_TOKENS, TokenType, Vocabulary


MAX_UNNAMED = 1 << 16
"""Ids below the highest that no token has: known files leave out a few hundred."""

_BEGINNINGS = ("<s>", "<bos>", "<|begin_of_text|>")
_ENDS = ("</s>", "<eos>")
"""What the families call them, where no tokenizer_config.json says it."""


def make_vocabulary(
    root: Part,
    settings: Part,
    ids: Mapping[str, int],
    added: list[Added],
    normal: Callable[[str], str] | None,
    around: Around,
    *,
    ends_at_bos: bool,
) -> Vocabulary:
    """Return the tokens by id; ids that nobody has become tokens that no text has.

    Parameters
    ----------
    ids : the model's tokens.
    normal : the added tokens' normal forms.
    ends_at_bos : BOS stands between texts, and ends one too.
    """
    named = {*ids.values(), *(token.id for token in added)}
    count = max(named, default=-1) + 1
    if not 0 < count <= MAX_TOKENS:
        raise root.fail("model.vocab", count, f"between 1 and {MAX_TOKENS:,} tokens are expected")
    if count - len(named) > MAX_UNNAMED:
        raise root.fail("model.vocab", count - len(named), f"at most {MAX_UNNAMED:,} ids may be without a token")
    if max((*around.before, *around.after), default=0) >= count:
        raise root.fail("post_processor", None, "it puts a token around texts that the vocabulary has not")
    pieces = [""] * count
    types = np.full(count, TokenType.UNUSED, np.uint8)
    for token, number in ids.items():
        pieces[number] = token
    types[list(ids.values())] = TokenType.NORMAL
    for one in added:
        if one.special:
            pieces[one.id], types[one.id] = one.content, TokenType.CONTROL
        else:  # it is written as it was found
            pieces[one.id] = normal(one.content) if normal and one.normalized else one.content
            types[one.id] = TokenType.USER_DEFINED
    known = {piece: number for number, piece in enumerate(pieces) if piece}
    special = {token.content: token.id for token in added if token.special}
    bos = _role(settings, "bos_token", known, special, _BEGINNINGS)
    eos = _role(settings, "eos_token", known, special, _ENDS)
    ends = {known[text] for text in END_TEXTS if text in known}
    types[list(ends)] = TokenType.CONTROL
    return Vocabulary(
        name=root.file,
        pieces=pieces,
        types=types,
        bos_id=bos,
        eos_id=eos,
        unknown_id=None,
        eos_ids=frozenset(ends | {end for end in (eos, bos if ends_at_bos else None) if end is not None}),
        add_bos=bos is not None and (bos in around.before or settings.flag("add_bos_token", False)),
        add_eos=eos is not None and eos in around.after,
    )


def _role(
    settings: Part, key: str, known: Mapping[str, int], special: Mapping[str, int], usual: tuple[str, ...]
) -> int | None:
    """Return the token that has a role; None where there is none."""
    if key in settings:
        said = settings.part(key).text("content") if settings.is_object(key) else settings.text(key)
        return known.get(said)
    return next((special[text] for text in usual if text in special), None)
