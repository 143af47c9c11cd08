# SPDX-License-Identifier: Apache-2.0
"""Expressions of a template, evaluated over the tree of Jinja's parser: nothing is compiled, and nothing folded before.

Every part evaluated costs a step and counts towards the depth. Refused by name: parts that are not listed here.
"""

from collections.abc import Callable
from typing import Any

from jinja2 import nodes

from taleproof.chat.template.access import get_attribute, get_item, get_slice
from taleproof.chat.template.budget import Budget, TemplateRefusal
from taleproof.chat.template.builtins.filters import run_filter
from taleproof.chat.template.builtins.tests import TESTS, run_test
from taleproof.chat.template.operators import COMPARISONS, Operator, calculate, negative, positive
from taleproof.chat.template.scope import Loop, Scope
from taleproof.chat.template.texts import text_of
from taleproof.chat.template.values import (
    Fields,
    Function,
    Items,
    Scalar,
    Undefined,
    Value,
    as_key,
    as_text,
    integer,
    is_scalar,
    iterate,
    kind_of,
    truth,
)


_OPERATORS: dict[type[nodes.Node], Operator] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
    nodes.Pow: "**",
}


class Expressions:
    """Evaluates expressions, for one rendering."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget

    def evaluate(self, node: nodes.Node, scope: Scope) -> Value:
        """Return the value of an expression."""
        budget = self.budget
        budget.enter()
        operator = _OPERATORS.get(type(node))
        if operator is not None:
            assert isinstance(node, nodes.BinExpr)
            left = self.evaluate(node.left, scope)
            value = calculate(budget, operator, left, self.evaluate(node.right, scope))
        else:
            evaluate = _EVALUATORS.get(type(node))
            if evaluate is None:
                raise TemplateRefusal(f"it has a part of the kind {type(node).__name__}, which is not known here")
            value = evaluate(self, node, scope)
        budget.leave()
        return value

    def call(self, callee: Value, positional: list[Value], named: dict[str, Value]) -> Value:
        """Return what a function gives for its arguments."""
        self.budget.spend(1 + len(positional) + len(named))
        if isinstance(callee, Function | Loop):
            return callee.call(positional, named)
        raise TemplateRefusal(f"it calls {kind_of(callee)}")

    def arguments(self, node: Any, scope: Scope) -> tuple[list[Value], dict[str, Value]]:
        """Return the positional and named arguments of a call, filter or test."""
        positional = [self.evaluate(argument, scope) for argument in node.args]
        named = {keyword.key: self.evaluate(keyword.value, scope) for keyword in node.kwargs}
        if node.dyn_args is not None:
            positional += iterate(self.budget, self.evaluate(node.dyn_args, scope))
        if node.dyn_kwargs is not None:
            given = self.evaluate(node.dyn_kwargs, scope)
            if not isinstance(given, Fields):
                raise TemplateRefusal(f"it passes {kind_of(given)} as named arguments")
            named |= {as_text(key, "a call"): value for key, value in given.entries.items()}
        return positional, named

    def _constant(self, node: nodes.Const, _: Scope) -> Value:
        value = node.value
        if isinstance(value, str):
            self.budget.read_text(len(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            integer(value)
        assert is_scalar(value)
        return value

    def _name(self, node: nodes.Name, scope: Scope) -> Value:
        if node.name in ("self", "super"):
            raise TemplateRefusal(f"it asks for {node.name!r}, which is not known here")
        return scope.get(node.name)

    def _list(self, node: nodes.List, scope: Scope) -> Value:
        return Items(self.budget, [self.evaluate(item, scope) for item in node.items])

    def _tuple(self, node: nodes.Tuple, scope: Scope) -> Value:
        return Items(self.budget, [self.evaluate(item, scope) for item in node.items], "tuple")

    def _dict(self, node: nodes.Dict, scope: Scope) -> Value:
        entries: dict[Scalar, Value] = {}
        for pair in node.items:
            entries[as_key(self.evaluate(pair.key, scope))] = self.evaluate(pair.value, scope)
        return Fields(self.budget, entries)

    def _condition(self, node: nodes.CondExpr, scope: Scope) -> Value:
        if truth(self.evaluate(node.test, scope)):
            return self.evaluate(node.expr1, scope)
        return Undefined("a condition without else") if node.expr2 is None else self.evaluate(node.expr2, scope)

    def _and(self, node: nodes.And, scope: Scope) -> Value:
        left = self.evaluate(node.left, scope)
        return self.evaluate(node.right, scope) if truth(left) else left

    def _or(self, node: nodes.Or, scope: Scope) -> Value:
        left = self.evaluate(node.left, scope)
        return left if truth(left) else self.evaluate(node.right, scope)

    def _not(self, node: nodes.Not, scope: Scope) -> Value:
        return not truth(self.evaluate(node.node, scope))

    def _compare(self, node: nodes.Compare, scope: Scope) -> Value:
        left = self.evaluate(node.expr, scope)
        for operand in node.ops:
            right = self.evaluate(operand.expr, scope)
            if not COMPARISONS[operand.op](self.budget, left, right):
                return False
            left = right
        return True

    def _concat(self, node: nodes.Concat, scope: Scope) -> Value:
        parts = [text_of(self.budget, self.evaluate(part, scope)) for part in node.nodes]
        self.budget.make_text(sum(map(len, parts)))
        return "".join(parts)

    def _get_attribute(self, node: nodes.Getattr, scope: Scope) -> Value:
        value = self.evaluate(node.node, scope)
        return value.attribute(node.attr) if isinstance(value, Loop) else get_attribute(self.budget, value, node.attr)

    def _get_item(self, node: nodes.Getitem, scope: Scope) -> Value:
        value = self.evaluate(node.node, scope)
        if isinstance(node.arg, nodes.Slice):
            bounds = (node.arg.start, node.arg.stop, node.arg.step)
            start, stop, step = (None if bound is None else self.evaluate(bound, scope) for bound in bounds)
            return get_slice(self.budget, value, start, stop, step)
        key = self.evaluate(node.arg, scope)
        if isinstance(value, Loop):
            return value.attribute(as_text(key, "a loop"))
        return get_item(self.budget, value, key)

    def _filter(self, node: nodes.Filter, scope: Scope) -> Value:
        if node.node is None:
            raise TemplateRefusal("it uses a filter on nothing")
        return self.filtered(node, self.evaluate(node.node, scope), scope)

    def filtered(self, node: nodes.Filter, value: Value, scope: Scope) -> Value:
        """Return what a filter, with its arguments, makes of a value."""
        return run_filter(self.budget, node.name, value, *self.arguments(node, scope))

    def _test(self, node: nodes.Test, scope: Scope) -> Value:
        value = self.evaluate(node.node, scope)
        if node.name in ("filter", "test"):
            raise TemplateRefusal(f"it uses the test {node.name!r}, which is not known here")
        positional, named = self.arguments(node, scope)
        if named or node.name not in TESTS:
            raise TemplateRefusal(f"it uses the test {node.name[:40]!r} in a way that is not known here")
        return run_test(self.budget, node.name, value, positional)

    def _call(self, node: nodes.Call, scope: Scope) -> Value:
        callee = self.evaluate(node.node, scope)
        return self.call(callee, *self.arguments(node, scope))

    def _data(self, node: nodes.TemplateData, _: Scope) -> Value:
        return node.data

    def _negative(self, node: nodes.Neg, scope: Scope) -> Value:
        return negative(self.evaluate(node.node, scope))

    def _positive(self, node: nodes.Pos, scope: Scope) -> Value:
        return positive(self.evaluate(node.node, scope))


_EVALUATORS: dict[type[nodes.Node], Callable[[Expressions, Any, Scope], Value]] = {
    nodes.And: Expressions._and,
    nodes.Call: Expressions._call,
    nodes.Compare: Expressions._compare,
    nodes.Concat: Expressions._concat,
    nodes.CondExpr: Expressions._condition,
    nodes.Const: Expressions._constant,
    nodes.Dict: Expressions._dict,
    nodes.Filter: Expressions._filter,
    nodes.Getattr: Expressions._get_attribute,
    nodes.Getitem: Expressions._get_item,
    nodes.List: Expressions._list,
    nodes.Name: Expressions._name,
    nodes.Neg: Expressions._negative,
    nodes.Not: Expressions._not,
    nodes.Or: Expressions._or,
    nodes.Pos: Expressions._positive,
    nodes.TemplateData: Expressions._data,
    nodes.Test: Expressions._test,
    nodes.Tuple: Expressions._tuple,
}
