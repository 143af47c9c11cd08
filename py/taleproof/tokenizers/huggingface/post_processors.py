# SPDX-License-Identifier: Apache-2.0
"""Post-processors: the tokens that are put before and after a text.

In comes the part "post_processor", out go their ids. Templates for pairs of texts are not looked at.
"""

from dataclasses import dataclass

from taleproof.tokenizers.huggingface.part import Part


MAX_TOKENS = 1 << 22
MAX_IDS = 64


@dataclass(frozen=True, slots=True)
class Around:
    """Ids before and after every text."""

    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


def read_post_processor(part: Part | None) -> Around:
    """Read the part; None puts nothing around a text.

    Raises
    ------
    FormatError, UnknownTokenizerPartError
    """
    if part is None:
        return Around()
    if part.kind == "Sequence":
        part.only("processors")
        around = Around()
        for each in part.parts("processors"):
            if each.kind == "Sequence":
                each.unknown("a sequence in a sequence")
            outer = read_post_processor(each)
            around = Around(outer.before + around.before, around.after + outer.after)
        return around
    if part.kind == "ByteLevel":
        part.only("add_prefix_space", "trim_offsets", "use_regex")  # they are of offsets, which are not kept
        return Around()
    if part.kind in ("BertProcessing", "RobertaProcessing"):
        part.only("cls", "sep", "trim_offsets", "add_prefix_space")
        return Around((_named(part, "cls"),), (_named(part, "sep"),))
    if part.kind == "TemplateProcessing":
        return _template(part)
    return part.unknown()


def _named(part: Part, key: str) -> int:
    """Return the id of a token that is written as its text and its id."""
    pair = part.get(key, list)
    if len(pair) != 2 or type(pair[1]) is not int or not 0 <= pair[1] < MAX_TOKENS:
        raise part.fail(key, str(pair)[:80], "a token and its id are expected")
    return int(pair[1])


def _template(part: Part) -> Around:
    part.only("single", "pair", "special_tokens")
    ids: tuple[list[int], list[int]] = ([], [])
    at = 0  # before the text, or after it
    for piece in part.parts("single"):
        if "Sequence" in piece:
            piece.only("Sequence")
            if at or piece.part("Sequence").text("id") != "A":
                piece.unknown("a text that stands twice")
            at = 1
            continue
        piece.only("SpecialToken")
        name = piece.part("SpecialToken").text("id")
        token = part.part("special_tokens").part(name)
        said = token.get("ids", list)
        if len(said) > MAX_IDS or not all(type(each) is int and 0 <= each < MAX_TOKENS for each in said):
            raise token.fail("ids", str(said)[:80], "ids of tokens are expected")
        ids[at].extend(said)
    if not at:
        part.unknown("a template without the text")
    return Around(tuple(ids[0]), tuple(ids[1]))
