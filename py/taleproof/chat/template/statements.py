# SPDX-License-Identifier: Apache-2.0
"""Statements of a template: output, conditions, loops, macros and assignments, over the tree of Jinja's parser.

Scopes are Jinja's: what is set inside a loop, macro, call, filter or with block ends with it, what is set inside an
``if`` does not. Refused by name: statements that are not listed here, such as include and import.
"""

from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Any

from jinja2 import nodes

from taleproof.chat.template.budget import Budget, TemplateRefusal
from taleproof.chat.template.expressions import Expressions
from taleproof.chat.template.scope import Loop, Scope
from taleproof.chat.template.texts import text_of
from taleproof.chat.template.values import Fields, Function, Items, Namespace, Undefined, Value, iterate, kind_of, truth


class _Leave(Enum):
    """How a statement ended early."""

    BREAK = auto()
    CONTINUE = auto()


class Statements:
    """Executes statements, for one rendering. ``out`` is the list that takes the text."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._expressions = Expressions(budget)
        self._evaluate = self._expressions.evaluate

    def text(self, body: list[nodes.Node], scope: Scope) -> str:
        """Return the text that statements make."""
        out: list[str] = []
        self.run(body, scope, out)
        self._budget.make_text(sum(map(len, out)))
        return "".join(out)

    def run(self, body: list[nodes.Node], scope: Scope, out: list[str]) -> _Leave | None:
        """Execute statements one after the other, until one leaves the loop around them."""
        for node in body:
            execute = _EXECUTORS.get(type(node))
            if execute is None:
                raise TemplateRefusal(f"it has a statement of the kind {type(node).__name__}, which is not known here")
            self._budget.enter()
            left = execute(self, node, scope, out)
            self._budget.leave()
            if left is not None:
                return left
        return None

    def _output(self, node: nodes.Output, scope: Scope, out: list[str]) -> None:
        for part in node.nodes:
            text = text_of(self._budget, self._evaluate(part, scope))
            self._budget.make_text(len(text))
            out.append(text)

    def _if(self, node: nodes.If, scope: Scope, out: list[str]) -> _Leave | None:
        for branch in (node, *node.elif_):
            if truth(self._evaluate(branch.test, scope)):
                return self.run(branch.body, scope, out)
        return self.run(node.else_, scope, out)

    def _for(self, node: nodes.For, scope: Scope, out: list[str]) -> None:
        elements = self._evaluate(node.iter, scope)
        if not node.recursive:
            self._loop(node, elements, 0, scope, out)
            return
        out.append(self._recursive(node, elements, 0, scope))

    def _recursive(self, node: nodes.For, elements: Value, depth: int, scope: Scope) -> str:
        out: list[str] = []
        self._budget.enter()
        self._loop(node, elements, depth, scope, out)
        self._budget.leave()
        self._budget.make_text(sum(map(len, out)))
        return "".join(out)

    def _loop(self, node: nodes.For, elements: Value, depth: int, scope: Scope, out: list[str]) -> None:
        again = (lambda value, level: self._recursive(node, value, level, scope)) if node.recursive else None
        loop = Loop(self._budget, self._chosen(node, elements, scope), depth, again)
        finished = False  # as Jinja counts it: a turn that ends early leaves it as it is
        while loop.advance():
            inner = Scope(scope, {"loop": loop})
            self._assign_to(node.target, loop.current, inner)
            left = self.run(node.body, inner, out)
            if left is _Leave.BREAK:
                break
            finished = finished or left is None
        if not finished:
            self.run(node.else_, Scope(scope), out)

    def _chosen(self, node: nodes.For, elements: Value, scope: Scope) -> Iterator[Value]:
        for element in iterate(self._budget, elements):
            if node.test is not None:
                inner = Scope(scope)
                self._assign_to(node.target, element, inner)
                if not truth(self._evaluate(node.test, inner)):
                    continue
            yield element

    def _break(self, *_: object) -> _Leave:
        return _Leave.BREAK

    def _continue(self, *_: object) -> _Leave:
        return _Leave.CONTINUE

    def _macro(self, node: nodes.Macro, scope: Scope, _: list[str]) -> None:
        scope.set(node.name, self._make_macro(node, node.name, scope))

    def _make_macro(self, node: nodes.Macro | nodes.CallBlock, name: str, scope: Scope) -> Function:
        names = [argument.name for argument in node.args]
        defaults: dict[str, nodes.Expr] = dict(
            zip(names[len(names) - len(node.defaults) :], node.defaults, strict=True)
        )
        used = {found.name for found in node.find_all(nodes.Name)}
        self._budget.spend(len(used))

        def call(positional: list[Value], named: dict[str, Value]) -> Value:
            inner = Scope(scope)
            given = dict(zip(names, positional, strict=False))
            for key, value in named.items():
                if key in names:
                    if key in given:
                        raise TemplateRefusal(f"it gives the macro {name} the argument {key} twice")
                    given[key] = value
            for argument in names:
                value = given.get(argument, _MISSING)
                if value is _MISSING:
                    value = self._evaluate(defaults[argument], inner) if argument in defaults else Undefined(argument)
                inner.set(argument, value)
            self._take_rest(name, used, positional[len(names) :], named, names, inner)
            self._budget.enter()
            text = self.text(node.body, inner)
            self._budget.leave()
            return text

        return Function("macro", name, call)

    def _take_rest(
        self,
        name: str,
        used: set[str],
        positional: list[Value],
        named: dict[str, Value],
        names: list[str],
        inner: Scope,
    ) -> None:
        rest = {key: value for key, value in named.items() if key not in names}
        if "caller" in used:
            inner.set("caller", rest.pop("caller", Undefined("caller")))
        if "varargs" in used:
            inner.set("varargs", Items(self._budget, positional, "tuple"))
        elif positional:
            raise TemplateRefusal(f"it gives the macro {name} more arguments than it takes")
        if "kwargs" in used:
            inner.set("kwargs", Fields(self._budget, rest))
        elif rest:
            raise TemplateRefusal(
                f"it gives the macro {name} the argument {next(iter(rest))[:40]}, which it does not take"
            )

    def _call_block(self, node: nodes.CallBlock, scope: Scope, out: list[str]) -> None:
        caller = self._make_macro(node, "caller", scope)
        callee = self._evaluate(node.call.node, scope)
        positional, named = self._expressions.arguments(node.call, scope)
        self._print(self._expressions.call(callee, positional, {**named, "caller": caller}), out)

    def _filter_block(self, node: nodes.FilterBlock, scope: Scope, out: list[str]) -> None:
        self._print(self._through(node.filter, self.text(node.body, Scope(scope)), scope), out)

    def _through(self, node: nodes.Expr | None, text: Value, scope: Scope) -> Value:
        """Return what a chain of filters, the last one first, makes of a block's text."""
        if node is None:
            return text
        assert isinstance(node, nodes.Filter)
        return self._expressions.filtered(node, self._through(node.node, text, scope), scope)

    def _with(self, node: nodes.With, scope: Scope, out: list[str]) -> _Leave | None:
        inner = Scope(scope)
        for target, value in zip(node.targets, node.values, strict=True):
            self._assign_to(target, self._evaluate(value, scope), inner)
        return self.run(node.body, inner, out)

    def _scope(self, node: nodes.Scope, scope: Scope, out: list[str]) -> _Leave | None:
        return self.run(node.body, Scope(scope), out)

    def _assign(self, node: nodes.Assign, scope: Scope, _: list[str]) -> None:
        self._assign_to(node.target, self._evaluate(node.node, scope), scope)

    def _assign_block(self, node: nodes.AssignBlock, scope: Scope, _: list[str]) -> None:
        text = self.text(node.body, Scope(scope))
        self._assign_to(node.target, self._through(node.filter, text, scope), scope)

    def _assign_to(self, target: nodes.Node, value: Value, scope: Scope) -> None:
        if isinstance(target, nodes.Name):
            if target.name == "loop" and target.ctx == "store" and isinstance(scope.get("loop"), Loop):
                raise TemplateRefusal("it sets loop inside a loop")
            scope.set(target.name, value)
        elif isinstance(target, nodes.NSRef):
            namespace = scope.get(target.name)
            if not isinstance(namespace, Namespace):
                raise TemplateRefusal(f"it sets an attribute of {kind_of(namespace)}")
            namespace.values[target.attr] = value
        elif isinstance(target, nodes.Tuple):
            values = list(iterate(self._budget, value))
            if len(values) != len(target.items):
                raise TemplateRefusal(f"it gives {len(values):,} values to {len(target.items)} names")
            for item, part in zip(target.items, values, strict=True):
                self._assign_to(item, part, scope)
        else:
            raise TemplateRefusal("it sets something that is no name")

    def _print(self, value: Value, out: list[str]) -> None:
        text = text_of(self._budget, value)
        self._budget.make_text(len(text))
        out.append(text)


_MISSING = object()

_EXECUTORS: dict[type[nodes.Node], Callable[[Statements, Any, Scope, list[str]], _Leave | None]] = {
    nodes.Assign: Statements._assign,
    nodes.AssignBlock: Statements._assign_block,
    nodes.Break: Statements._break,
    nodes.CallBlock: Statements._call_block,
    nodes.Continue: Statements._continue,
    nodes.FilterBlock: Statements._filter_block,
    nodes.For: Statements._for,
    nodes.If: Statements._if,
    nodes.Macro: Statements._macro,
    nodes.Output: Statements._output,
    nodes.Scope: Statements._scope,
    nodes.With: Statements._with,
}
