"""A sandbox for chat templates: programs that come with a model, and so from anyone.

In comes a template's source, out comes a function that renders it. Jinja2's own sandbox keeps a template
from Python's internals and from changing what it is given. This adds a budget, because a template could
also run for ever or fill the memory: each turn of a loop, each call and each character made costs a step.
Refused: what goes over it.
"""

import json
import re
from collections.abc import Callable, Sized
from functools import wraps
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer


MAX_STEPS = 1_000_000
"""The templates of today's models take some hundred steps a message."""

CHARACTERS_A_STEP = 64
MAX_CHARACTERS = 1 << 22
"""Of the whole text, and of any string on the way."""

MAX_DEPTH = 16
"""Of macros and recursive loops: in a browser, running out of stack ends the interpreter, not just the call."""

MAX_NESTING = 40
"""Of the parts of a template, where ``1 + 1 + 1`` nests three deep. Real ones reach some 20."""

MAX_TAG_TOKENS = 500
"""In one {{ }} or {% %}; real ones have fewer than a hundred."""

MAX_BITS = 1 << 12
"""Of an integer: arithmetic on larger ones takes its time."""

_WIDE = re.compile(r"\*|\d{5}")


class TemplateSandbox(ImmutableSandboxedEnvironment):
    """An environment for rendering one template once.

    Blocks are trimmed as Hugging Face's transformers does it, for its tokenizers are where the templates come from.
    """

    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, loopcontrols])
        self._steps_left = MAX_STEPS
        self._depth = 0
        del self.globals["lipsum"]
        self.globals["range"] = self._range
        self.globals["raise_exception"] = _raise
        filters = self.filters | {"tojson": _to_json}
        self.filters = {name: self._charged(function) for name, function in filters.items()}

    def render(self, source: str, variables: dict[str, Any]) -> str:
        """Return the text that a template makes of its variables."""
        self._check_tags(source)
        tree = self.parse(source)
        _check_nesting(tree)
        tree = _Budgeted().visit(tree)
        parts = []
        for part in self.from_string(tree).generate(variables):
            self.charge(part)
            parts.append(part)
        text = "".join(parts)
        self._check_length(len(text))
        return text

    def charge(self, *values: object) -> bool:
        """Take the cost of handling some values from the budget. Always true, to stand in a condition."""
        self._steps_left -= 1
        for value in values:
            if isinstance(value, str):
                self._check_length(len(value))
                self._steps_left -= len(value) // CHARACTERS_A_STEP
            elif isinstance(value, int) and value.bit_length() > MAX_BITS:
                raise SecurityError("it makes a number of too many digits")
            elif isinstance(value, Sized) and not isinstance(value, Context):
                self._steps_left -= len(value)
        if self._steps_left < 0:
            raise SecurityError(f"it takes more than {MAX_STEPS:,} steps")
        return True

    def joined(self, *parts: object) -> str:
        """Return the texts of some values, joined: the operator ~."""
        texts = [str(part) for part in parts]
        self._check_length(sum(map(len, texts)))
        self.charge(*texts)
        return "".join(texts)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Call a function or method for the template, at a price."""
        if __obj not in (__self.charge, __self.joined):
            method = getattr(__obj, "__wrapped__", __obj)  # Jinja2 wraps str.format
            owner = getattr(method, "__self__", None)
            __self._charge_call(owner, *args, *kwargs.values())
            if getattr(method, "__name__", "") in ("format", "format_map"):
                _check_format(owner)
        if __self._depth == MAX_DEPTH:
            raise SecurityError(f"its macros call one another more than {MAX_DEPTH} deep")
        __self._depth += 1
        try:
            return super().call(__context, __obj, *args, **kwargs)
        finally:
            __self._depth -= 1

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Return the result of an operator whose result can be much larger than its operands."""
        if operator == "%":
            _check_format(left)
        elif operator == "*" and (isinstance(left, Sized) or isinstance(right, Sized)):
            sequence, times = (left, right) if isinstance(left, Sized) else (right, left)
            self._check_length(len(sequence) * times)
        elif operator == "**" and isinstance(left, int) and left.bit_length() * right > MAX_BITS:
            raise SecurityError("it makes a number of too many digits")
        result = super().call_binop(context, operator, left, right)
        self.charge(result)
        return result

    def _check_tags(self, source: str) -> None:
        """Refuse long tags before they become trees so deep that even to free them overruns the stack."""
        tokens = 0
        for _, kind, _ in self.lex(source):
            tokens = 0 if kind.endswith("_begin") else tokens + (kind != "whitespace")
            if tokens > MAX_TAG_TOKENS:
                raise SecurityError(f"one of its tags has more than {MAX_TAG_TOKENS} parts")

    def _check_length(self, length: int) -> None:
        if length > MAX_CHARACTERS:
            raise SecurityError(f"it makes a text of more than {MAX_CHARACTERS:,} characters")

    def _charge_call(self, *values: object) -> None:
        self.charge(*values)
        for value in values:
            if isinstance(value, int) and abs(value) > MAX_STEPS:
                raise SecurityError(f"it passes {value:,} to a function")

    def _range(self, *args: int) -> range:
        found = range(*args)
        self.charge(found)
        return found

    def _charged(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)  # also what Jinja2 notes on a filter: whether it is to be given the context
        def charged(*args: Any, **kwargs: Any) -> Any:
            self._charge_call(*args, *kwargs.values())
            if function.__name__ == "do_format":
                _check_format(args[0])
            return function(*args, **kwargs)

        return charged


def _check_nesting(tree: nodes.Template) -> None:
    level: list[nodes.Node] = [tree]
    for _ in range(MAX_NESTING):
        level = [child for node in level for child in node.iter_child_nodes()]
    if level:
        raise SecurityError(f"its parts nest more than {MAX_NESTING} deep")


def _raise(message: str) -> None:
    raise TemplateError(message)


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Return a value as JSON: Jinja2's own filter would escape it for HTML, which no model was trained on."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _check_format(text: object) -> None:
    if isinstance(text, str) and _WIDE.search(text):
        raise SecurityError("it formats a value too widely")


class _Generation(Extension):
    """{% generation %}: marks what training counts as the model's own words; here it only groups."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja2 declares it

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body).set_lineno(line)


class _Budgeted(NodeTransformer):
    """Rewrites a template so that it pays for every turn of a loop and every call of a macro."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        if node.test is not None:
            node.test = nodes.And(_environment_call("charge"), node.test)
        return self._paid(node)

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
        return self._paid(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802
        return self._paid(node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _environment_call("joined", node.nodes).set_lineno(node.lineno)

    def _paid(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        node.body.insert(0, nodes.ExprStmt(_environment_call("charge")))
        result: nodes.Node = node
        result.set_lineno(node.lineno)
        return result


def _environment_call(name: str, arguments: list[nodes.Expr] | None = None) -> nodes.Call:
    return nodes.Call(nodes.EnvironmentAttribute(name), arguments or [], [], None, None)
