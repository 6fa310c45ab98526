"""What the docstrings of the package must say, read from syntax trees."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.house.measures import Function, Violation
from tests.house.sources import Source

from tmescope.foundation import errors

_SECTION = re.compile(r"^(?P<name>[A-Z][A-Za-z ]+)\n-{3,}\s*$", re.MULTILINE)
_UNDERLINE = re.compile(r"^-{3,}\s*$")


def sections(docstring: str) -> dict[str, str]:
    """Split a cleaned docstring into its numpydoc sections."""
    marks = list(_SECTION.finditer(docstring))
    ends = [*(mark.start() for mark in marks[1:]), len(docstring)][: len(marks)]
    return {mark["name"]: docstring[mark.end() : end] for mark, end in zip(marks, ends, strict=True)}


def described_names(section: str) -> set[str]:
    """Names at the head of a section's entries: ``low, high : float`` describes two."""
    names: set[str] = set()
    for line in section.splitlines():
        if line and not line[0].isspace() and not _UNDERLINE.match(line):
            head = line.split(" : ", 1)[0].rstrip(":")
            names |= {name.strip().lstrip("*") for name in head.split(",")}
    return names


@dataclass(frozen=True)
class Definition:
    """One public function, method or class."""

    place: str
    node: Function | ast.ClassDef
    is_method: bool

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.node) or ""


def public_definitions(source: Source) -> Iterator[Definition]:
    """Yield public functions and classes of a module, and public methods; nested functions are private."""
    for node in source.tree.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield Definition(f"{source.path}::{node.name}", node, is_method=False)
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, Function) and not inner.name.startswith("_"):
                        yield Definition(f"{source.path}::{node.name}.{inner.name}", inner, is_method=True)


MAX_PLAIN = 2
"""What no room offers may describe this many parameters or fields in plain words, without a section."""


def docstring_violations(source: Source, *, offered: frozenset[str]) -> Iterator[Violation]:
    """Missing docstrings, undescribed parameters and fields, unnamed errors.

    `offered` holds the places (``src/...py::name``) that rooms offer: each of their parameters has its entry.
    Commands describe theirs in the help of their options.
    """
    if not module_docstring(source) and source.tree.body:
        yield Violation("docstring", source.path, "the module has no docstring")
    for definition in public_definitions(source):
        if not definition.docstring and not _is_overload(definition.node):
            yield Violation("docstring", definition.place, "no docstring")
            continue
        is_offered = definition.place in offered or definition.place.rpartition(".")[0] in offered
        most_plain = 0 if is_offered else MAX_PLAIN
        if isinstance(definition.node, ast.ClassDef):
            yield from _field_violations(definition, most_plain=most_plain)
        elif source.room != "cli" and not _is_property(definition.node):
            yield from _parameter_violations(definition, most_plain=most_plain)
            yield from _raise_violations(definition)


def module_docstring(source: Source) -> str:
    """The docstring of a module, empty where it has none."""
    return ast.get_docstring(source.tree) or ""


def _has_decorator(node: Function | ast.ClassDef, names: set[str]) -> bool:
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
        if name in names:
            return True
    return False


def _is_overload(node: Function | ast.ClassDef) -> bool:
    return _has_decorator(node, {"overload", "setter"})


def _is_property(node: Function) -> bool:
    return _has_decorator(
        node, {"property", "cached_property", "overload", "setter", "field_validator", "model_validator"}
    )


def parameter_names(function: Function, *, is_method: bool) -> list[str]:
    """Names that a caller can pass, without ``self`` or ``cls``."""
    arguments = function.args
    named = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    bound = is_method and not _has_decorator(function, {"staticmethod"})
    starred = [a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None]
    return [name for name in (named[1:] if bound else named) + starred if not name.startswith("_")]


def _parameter_violations(definition: Definition, *, most_plain: int) -> Iterator[Violation]:
    function = definition.node
    if isinstance(function, ast.ClassDef):
        return
    names = parameter_names(function, is_method=definition.is_method)
    found = sections(definition.docstring)
    if "Parameters" not in found:
        if len(names) > most_plain:
            yield Violation("parameters", definition.place, f"no Parameters section for {', '.join(names)}")
        return
    described = described_names(found["Parameters"])
    missing = [name for name in names if name not in described]
    strange = sorted(described - set(names))
    if missing:
        yield Violation("parameters", definition.place, f"not described: {', '.join(missing)}")
    if strange:
        yield Violation("parameters", definition.place, f"described, but not taken: {', '.join(strange)}")


def _field_violations(definition: Definition, *, most_plain: int) -> Iterator[Violation]:
    """Fields of dataclasses and models are described in a section, by ``Field`` or by a string below."""
    node = definition.node
    body = node.body
    found = sections(definition.docstring)
    described = described_names(found.get("Parameters", "")) | described_names(found.get("Attributes", ""))
    fields = []
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        name = statement.target.id
        if not (name.startswith("_") or name == "model_config" or _says_itself(statement, following)):
            fields.append(name)
    missing = [name for name in fields if name not in described]
    if missing and (described or len(missing) > most_plain):
        yield Violation("parameters", definition.place, f"fields not described: {', '.join(missing)}")


def _says_itself(statement: ast.AnnAssign, following: ast.stmt | None) -> bool:
    has_text_below = (
        isinstance(following, ast.Expr)
        and isinstance(following.value, ast.Constant)
        and isinstance(following.value.value, str)
    )
    is_class_variable = "ClassVar" in ast.unparse(statement.annotation)
    described = any(
        keyword.arg == "description"
        for part in (statement.annotation, statement.value)
        if part is not None
        for call in ast.walk(part)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
    )
    return has_text_below or is_class_variable or described


def raised_errors(function: Function) -> set[str]:
    """Names of the classes that a function raises: ``raise XError(...)`` or ``raise XError.of(...)``."""
    names = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            target = node.exc.func
            if isinstance(target, ast.Attribute):
                target = target.value
            if isinstance(target, ast.Name):
                names.add(target.id)
    return names


def _raise_violations(definition: Definition) -> Iterator[Violation]:
    if isinstance(definition.node, ast.ClassDef):
        return
    ours = {name for name in raised_errors(definition.node) if name in error_names()}
    missing = sorted(name for name in ours if not re.search(rf"\b{name}\b", definition.docstring))
    if missing:
        yield Violation("raises", definition.place, f"raises {', '.join(missing)}, which its docstring does not name")


def error_names() -> set[str]:
    """Names of every error in the tree."""
    return {name for name in errors.__all__ if isinstance(getattr(errors, name), type)}
