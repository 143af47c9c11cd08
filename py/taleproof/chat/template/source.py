# SPDX-License-Identifier: Apache-2.0
r"""A template's source as the tree that Jinja's parser makes of it, after a look at its tokens.

In comes text from a stranger. Refused before a tree is built: what would nest so deep, or have so many parts, that
parsing it or letting the tree go would take the interpreter down; and what Python reads by the tables of its own
Unicode version: names, numbers and ``\N{...}`` in other than English letters and digits.
"""

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser

from taleproof.chat.template.budget import TemplateRefusal


MAX_TOKENS = 20_000
"""The longest real templates have some 6,000."""

MAX_TAG_TOKENS = 500
"""In one {{ }} or {% %}; real ones have fewer than a hundred."""

MAX_BRACKETS = 20
MAX_BLOCKS = 30
"""Inside one another. Real templates reach 5 and 12."""

MAX_PREFIXES = 20
"""``not``, signs and ``else`` in one tag, which the parser reads by calling itself."""

MAX_NESTING = 40
"""Of the parts of an expression, where ``1 + 1 + 1`` nests three deep, and of the blocks around it together."""

MAX_NUMBER = 40
"""Characters of a number."""

_FOREIGN = "one of its tags has a character that does not belong there, or a name in other than English letters"

_BLOCKS = frozenset(("if", "for", "macro", "call", "filter", "with", "generation", "block", "autoescape"))
_KEYWORDS = frozenset(("and", "or", "not", "if", "else", "in", "is"))
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


class _Generation(Extension):
    """{% generation %}: marks what training counts as the model's own words; here it only groups."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja2 declares it

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body).set_lineno(line)


class _Tag:
    """One tag as its tokens come by."""

    def __init__(self) -> None:
        self.tokens = self.brackets = self.prefixes = 0
        self.name = ""
        self.assigns = False
        self._after_operand = False

    def take(self, kind: str, value: str) -> None:
        """Look at a token."""
        self.tokens += 1
        if self.tokens == 1 and kind == "name":
            self.name = value
        elif kind == "name" and value in ("not", "else"):
            self.prefixes += 1
        elif kind == "operator":
            self.brackets += (value in _OPENING) - (value in _CLOSING)
            self.prefixes += value in ("-", "+") and not self._after_operand
            self.assigns = self.assigns or (value == "=" and self.brackets == 0)
        self._after_operand = value in _CLOSING if kind == "operator" else value not in _KEYWORDS
        if self.tokens > MAX_TAG_TOKENS:
            raise TemplateRefusal(f"one of its tags has more than {MAX_TAG_TOKENS} parts")
        if self.brackets > MAX_BRACKETS:
            raise TemplateRefusal(f"its brackets nest more than {MAX_BRACKETS} deep")
        if self.prefixes > MAX_PREFIXES:
            raise TemplateRefusal(f"one of its tags has more than {MAX_PREFIXES} of not, else and signs")

    def depth(self) -> int:
        """Return by how much the blocks around what follows grow."""
        if self.name.startswith("end"):
            return -1
        return self.name in _BLOCKS or (self.name == "set" and not self.assigns)


def parse(source: str) -> nodes.Template:
    """Return the tree of a template; blocks are trimmed as Hugging Face's transformers does it.

    Raises
    ------
    TemplateRefusal : it is no template, or too large or too deep to be one.
    """
    environment = Environment(trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols])
    try:
        _check_tokens(environment, source)
        tree = environment.parse(source)
    except TemplateSyntaxError as error:
        if (error.message or "").startswith("unexpected char"):
            raise TemplateRefusal(_FOREIGN) from error  # it may be a letter, which Python's own tables decide
        raise TemplateRefusal(f"line {error.lineno} can't be read: {error.message}") from error
    _check_nesting(tree)
    return tree


def _check_tokens(environment: Environment, source: str) -> None:
    tag = _Tag()
    blocks = 0
    for count, (_, kind, value) in enumerate(environment.lex(source)):
        if count > MAX_TOKENS:
            raise TemplateRefusal(f"it has more than {MAX_TOKENS:,} parts")
        if kind in ("block_begin", "variable_begin"):
            tag = _Tag()
        elif kind == "block_end":
            blocks += tag.depth()
            if blocks > MAX_BLOCKS:
                raise TemplateRefusal(f"its blocks nest more than {MAX_BLOCKS} deep")
        elif kind in ("name", "integer", "float", "string", "operator"):
            _check_token(kind, value)
            tag.take(kind, value)


def _check_token(kind: str, value: str) -> None:
    if kind in ("integer", "float") and len(value) > MAX_NUMBER:
        raise TemplateRefusal("it has a number of too many digits")
    if kind != "string" and not value.isascii():
        raise TemplateRefusal(_FOREIGN)
    if kind == "string" and "\\N" in value:
        raise TemplateRefusal("it has a letter by its name (\\N), which differs between Unicode's versions")


def _check_nesting(tree: nodes.Template) -> None:
    level: list[nodes.Node] = [tree]
    for _ in range(MAX_NESTING):
        level = [child for node in level for child in node.iter_child_nodes()]
    if level:
        raise TemplateRefusal(f"its parts nest more than {MAX_NESTING} deep")
