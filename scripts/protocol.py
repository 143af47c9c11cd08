# SPDX-License-Identifier: Apache-2.0
"""The protocol between Python and the page in TypeScript, made of Python's types.

``protocol.py``: in come the TypedDicts of py/taleproof/apps/worker/protocol; out go web/engine/protocol.gen.ts, the
same types with the same comments, and tests/protocol.gen.ts, schemas by which tests check what Python really sends.
``protocol.py --check``: exit code 1 where git has other files than would be made. Refused: a type that has no
counterpart here.
"""

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


ROOT = Path(__file__).parents[1]
FOLDER = "py/taleproof/apps/worker/protocol"
MODULES = ("files", "models", "stories", "calls")
"""Each uses only those before it."""
TYPES = "web/engine/protocol.gen.ts"
SCHEMAS = "tests/protocol.gen.ts"

HEAD = f"""\
// SPDX-License-Identifier: Apache-2.0
// Made by scripts/protocol.py of the types in {FOLDER}. Change those, then run `npm run setup`.
"""
NAMES = {
    "str": "string",
    "int": "number",
    "float": "number",
    "bool": "boolean",
    "JsonValue": "Json",
    "BrowserFile": "File",
}
"""What a type of Python's is called in TypeScript; the protocol's own have the same name in both."""
JSON_TYPE = """\
/** Whatever JSON can hold. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };"""
JSON_SCHEMA = """\
import * as v from "valibot";

const Json: v.GenericSchema = v.lazy(() =>
  v.union([v.string(), v.number(), v.boolean(), v.null(), v.array(Json), v.record(v.string(), Json)]),
);"""
SCHEMA_NAMES = {
    "str": "v.string()",
    "int": "v.pipe(v.number(), v.safeInteger())",
    "float": "v.pipe(v.number(), v.finite())",
    "bool": "v.boolean()",
    "JsonValue": "Json",
    "BrowserFile": "v.strictObject({})",
}


@dataclass(frozen=True)
class Field:
    name: str
    type: ast.expr
    optional: bool
    doc: str


@dataclass(frozen=True)
class Interface:
    """A TypedDict."""

    name: str
    bases: tuple[str, ...]
    fields: tuple[Field, ...]
    doc: str


@dataclass(frozen=True)
class Alias:
    """A name for a type of another kind."""

    name: str
    type: ast.expr
    doc: str


Declaration = Interface | Alias


def declarations(source: str) -> Iterator[Declaration]:
    """Yield the types of a module, in its order."""
    for node, doc in documented(ast.parse(source).body):
        if isinstance(node, ast.ClassDef):
            if node.name not in NAMES:
                yield interface(node)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield Alias(node.target.id, node.value, doc)
        elif not isinstance(node, ast.ImportFrom | ast.Expr):
            raise NotImplementedError(ast.unparse(node))


def interface(node: ast.ClassDef) -> Interface:
    """Return a class of fields and nothing else."""
    fields = []
    for field, doc in documented(node.body):
        if isinstance(field, ast.Expr):
            continue
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.value is None):
            raise NotImplementedError(ast.unparse(field))
        inner = argument(field.annotation, "NotRequired")
        fields.append(Field(field.target.id, inner or field.annotation, inner is not None, doc))
    bases = tuple(ast.unparse(base) for base in node.bases)
    own = tuple(base for base in bases if base != "TypedDict")
    return Interface(node.name, own, tuple(fields), ast.get_docstring(node) or "")


def documented(body: Sequence[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each statement with the text that stands after it alone."""
    for node, after in zip(body, [*body[1:], ast.Pass()], strict=False):
        text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
        yield node, inspect.cleandoc(str(text))


def argument(node: ast.expr, of: str) -> ast.expr | None:
    """Return X where the type is ``of[X]``."""
    named = isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == of
    return node.slice if named and isinstance(node, ast.Subscript) else None


def members(node: ast.expr) -> list[ast.expr]:
    """Return the types of a union, or the type itself."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return members(node.left) + members(node.right)
    return [node]


def literals(node: ast.expr) -> list[str]:
    """Return the texts of a ``Literal``, in quotation marks; none where it is another type."""
    inner = argument(node, "Literal")
    if inner is None:
        return []
    values = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    return [f'"{ast.literal_eval(value)}"' for value in values]


def parts(node: ast.expr) -> tuple[ast.expr | None, ast.expr | None]:
    """Return X of ``list[X]`` and Y of ``dict[str, Y]``."""
    item, pair = argument(node, "list"), argument(node, "dict")
    if not isinstance(pair, ast.Tuple):
        return item, None
    key, value = pair.elts
    if ast.unparse(key) != "str":
        raise NotImplementedError(ast.unparse(node))
    return item, value


def typescript(node: ast.expr) -> str:
    """Return a type as TypeScript has it."""
    if len(members(node)) > 1:
        return " | ".join(typescript(member) for member in members(node))
    if isinstance(node, ast.Name):
        return NAMES.get(node.id, node.id)
    if isinstance(node, ast.Constant) and node.value is None:
        return "null"
    item, value = parts(node)
    if item is not None:
        inner = typescript(item)
        return f"({inner})[]" if " | " in inner else f"{inner}[]"
    if value is not None:
        return f"{{ [key: string]: {typescript(value)} }}"
    if not literals(node):
        raise NotImplementedError(ast.unparse(node))
    return " | ".join(literals(node))


def schema(node: ast.expr) -> str:
    """Return a type as a schema of valibot's."""
    if len(members(node)) > 1:
        return f"v.union([{', '.join(schema(member) for member in members(node))}])"
    if isinstance(node, ast.Name):
        return SCHEMA_NAMES.get(node.id, node.id)
    if isinstance(node, ast.Constant) and node.value is None:
        return "v.null()"
    item, value = parts(node)
    if item is not None:
        return f"v.array({schema(item)})"
    if value is not None:
        return f"v.record(v.string(), {schema(value)})"
    return f"v.picklist([{', '.join(literals(node))}])"


def comment(doc: str, indent: str = "") -> str:
    """Return a docstring as a comment of TypeScript's."""
    if not doc:
        return ""
    if "\n" not in doc and len(doc) + len(indent) <= 110:
        return f"{indent}/** {doc} */\n"
    lines = "".join(f"{indent} *{' ' if line else ''}{line}\n" for line in doc.split("\n"))
    return f"{indent}/**\n{lines}{indent} */\n"


def as_type(declared: Declaration) -> str:
    """Return a declaration as TypeScript."""
    head = comment(declared.doc)
    if isinstance(declared, Alias):
        return f"{head}export type {declared.name} = {typescript(declared.type)};\n"
    extends = f" extends {', '.join(declared.bases)}" if declared.bases else ""
    fields = "".join(
        f"{comment(field.doc, '  ')}  {field.name}{'?' if field.optional else ''}: {typescript(field.type)};\n"
        for field in declared.fields
    )
    return f"{head}export interface {declared.name}{extends} {{\n{fields}}}\n"


def as_schema(declared: Declaration) -> str:
    """Return a declaration as a schema, which takes no field that is not declared."""
    if isinstance(declared, Alias):
        return f"const {declared.name} = {schema(declared.type)};\n"
    entries = [f"  ...{base}.entries,\n" for base in declared.bases]
    for field in declared.fields:
        inner = schema(field.type)
        entries.append(f"  {field.name}: {f'v.exactOptional({inner})' if field.optional else inner},\n")
    return f"const {declared.name} = v.strictObject({{\n{''.join(entries)}}});\n"


def render(root: Path) -> Mapping[str, str]:
    """Return the files that are made, by their paths."""
    sources = [(root / FOLDER / f"{name}.py").read_text(encoding="utf-8") for name in MODULES]
    declared = [each for source in sources for each in declarations(source)]
    names = "".join(f"  {each.name},\n" for each in declared)
    together = f"export const schemas = {{\n{names}}};\n"
    return {
        TYPES: "\n".join([HEAD, JSON_TYPE + "\n", *map(as_type, declared)]),
        SCHEMAS: "\n".join([HEAD, JSON_SCHEMA + "\n", *map(as_schema, declared), together]),
    }


def differing(root: Path) -> list[str]:
    """Return the files of which git has another content, added or committed, than would be made."""
    found = []
    for path, text in render(root).items():
        known = subprocess.run(["git", "show", f":{path}"], cwd=root, check=False, capture_output=True, text=True)
        if known.stdout != text:
            found.append(path)
    return found


def main(root: Path, check: bool) -> list[str]:
    """Write the files, or return what is wrong with those that git has."""
    if check:
        return [f"{path} is not what scripts/protocol.py makes of {FOLDER}: add it to git." for path in differing(root)]
    for path, text in render(root).items():
        (root / path).write_text(text, encoding="utf-8", newline="\n")
    return []


if __name__ == "__main__":
    sys.exit("\n".join(main(ROOT, "--check" in sys.argv[1:])) or None)
