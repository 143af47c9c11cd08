# SPDX-License-Identifier: Apache-2.0
"""What ``value.name`` and ``value[key]`` give: an element, a method, or something undefined."""

from taleproof.chat.template.budget import Budget, TemplateRefusal
from taleproof.chat.template.builtins.methods import attribute
from taleproof.chat.template.values import Fields, Items, Namespace, Undefined, Value, as_integer, is_scalar


def get_attribute(budget: Budget, value: Value, name: str) -> Value:
    """Return ``value.name``: a method first, as Jinja does, then an element."""
    _refuse_undefined(value, name)
    if isinstance(value, Namespace):
        return value.values.get(name, Undefined(name))
    found = attribute(budget, value, name)
    if isinstance(found, Undefined) and isinstance(value, Fields):
        return value.entries.get(name, found)
    return found


def get_item(budget: Budget, value: Value, key: Value) -> Value:
    """Return ``value[key]``: an element first, then, for a text as the key, a method."""
    _refuse_undefined(value, key if isinstance(key, str) else "an element")
    if isinstance(value, Fields):
        if is_scalar(key) and key in value.entries:
            return value.entries[key]
    elif isinstance(key, int) and (isinstance(value, str) or (isinstance(value, Items) and value.kind != "view")):
        elements = value if isinstance(value, str) else value.values
        return elements[key] if -len(elements) <= key < len(elements) else Undefined(f"element {key}")
    if isinstance(key, str):
        return value.values.get(key, Undefined(key)) if isinstance(value, Namespace) else attribute(budget, value, key)
    return Undefined("an element")


def get_slice(budget: Budget, value: Value, start: Value, stop: Value, step: Value) -> Value:
    """Return ``value[start:stop:step]``."""
    _refuse_undefined(value, "a part")
    part = slice(*(None if bound is None else as_integer(bound, "a slice") for bound in (start, stop, step)))
    if part.step == 0:
        raise TemplateRefusal("it cuts a part out of a value in steps of zero")
    if isinstance(value, str):
        budget.make_text(len(range(*part.indices(len(value)))))
        return value[part]
    if isinstance(value, Items) and value.kind != "view":
        budget.spend(len(range(*part.indices(len(value.values)))))
        return Items(budget, value.values[part], value.kind)
    return Undefined("a part")


def _refuse_undefined(value: Value, name: str) -> None:
    if isinstance(value, Undefined):
        raise TemplateRefusal(f"it asks for {name[:40]} of {value.name[:40]}, which is undefined")
