# SPDX-License-Identifier: Apache-2.0
"""Chat templates: programs that come with a model, and so from anyone, rendered to the same text on every machine.

In come a template and its variables, out comes its text, or a TemplateRefusal. Jinja's lexer and parser read the source
(source.py); the tree is evaluated here, over values of our own (values.py), with every cost counted before it arises
(budget.py). So nothing is compiled, no object of Python's can be reached, and nothing depends on the host: no memory
address, clock, locale, time zone, hash seed or random number. What may be used is listed (builtins/, and the tables of
expressions.py and statements.py); the rest is refused by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from taleproof.chat.template.budget import Budget, TemplateRefusal
from taleproof.chat.template.builtins.globals import Globals
from taleproof.chat.template.scope import Scope
from taleproof.chat.template.source import parse
from taleproof.chat.template.statements import Statements
from taleproof.chat.template.values import from_python


__all__ = ["Rendered", "TemplateRefusal", "render"]


@dataclass(frozen=True)
class Rendered:
    """What a template made.

    Attributes
    ----------
    text : its text.
    used_date : whether it asked for today's date, so that the text may be another on another day.
    """

    text: str
    used_date: bool


def render(source: str, variables: Mapping[str, object], today: date) -> Rendered:
    """Return what a template makes of its variables: text, numbers, booleans, none, and lists and mappings of these.

    Raises
    ------
    TemplateRefusal : it is broken, refuses these variables, does what no template may do, or goes over its budget.
    """
    tree = parse(source)
    budget = Budget()
    functions = Globals(budget, today)
    given = {name: from_python(budget, value) for name, value in variables.items()}
    text = Statements(budget).text(tree.body, Scope(Scope(None, functions.functions()), given))
    return Rendered(text, functions.used_date)
