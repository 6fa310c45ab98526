"""Measures of code that the house limits: lengths, arguments, nesting, pass-through; on syntax trees."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.house.sources import Source

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
MAX_NESTING = 4
MAX_ARGUMENTS = 7
MAX_POSITIONAL = 3

MANY_ARGUMENTS = frozenset({"kernels", "cli"})
"""Rooms whose functions may take more: kernels take arrays, commands the user's options."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SILENCED = re.compile(r"#\s*noqa:[^#]*\b(C901|PLR09\d\d|PLR1702)\b")


@dataclass(frozen=True)
class Violation:
    """One broken rule: which, where (`path` or `path::qualified name`), and the number that broke it."""

    rule: str
    place: str
    detail: str

    def __str__(self) -> str:
        return f"{self.rule}  {self.place}  ({self.detail})"


def functions(source: Source) -> Iterator[tuple[str, Function]]:
    """Yield every function with its qualified name, methods and nested ones included."""
    yield from _functions(source.tree, "")


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _DEFINITIONS):
            name = f"{prefix}{child.name}"
            if isinstance(child, Function):
                yield name, child
            yield from _functions(child, f"{name}.")
        else:
            yield from _functions(child, prefix)


def function_lines(function: Function) -> int:
    """Lines from `def` to the end, without decorators and docstring."""
    first = function.body[0]
    is_docstring = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if is_docstring else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring


def nesting(function: Function) -> int:
    """Deepest nesting of compound statements; `elif` is as deep as its `if`, nested functions count alone."""
    return max((_depth(statement) for statement in function.body), default=0)


def _depth(node: ast.AST) -> int:
    if isinstance(node, _DEFINITIONS):
        return 0
    own = int(isinstance(node, _BLOCKS))
    depths = [0]
    for child in ast.iter_child_nodes(node):
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        depths.append(_depth(child) - int(is_elif))
    return own + max(depths)


def argument_counts(function: Function, *, is_method: bool) -> tuple[int, int]:
    """Number of all and of positional arguments, without `self` or `cls`."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    bound = is_method and positional and positional[0].arg in {"self", "cls", "mcs"}
    n_positional = len(positional) - int(bool(bound))
    return n_positional + len(arguments.kwonlyargs), n_positional


def passes_kwargs_through(function: Function) -> bool:
    """Whether it takes `**names` and hands the same on to a call."""
    if function.args.kwarg is None:
        return False
    taken = function.args.kwarg.arg
    return any(
        keyword.arg is None and isinstance(keyword.value, ast.Name) and keyword.value.id == taken
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
    )


def file_violations(source: Source) -> Iterator[Violation]:
    """Too long a file."""
    lines = len(source.text.splitlines())
    if lines > MAX_FILE_LINES:
        yield Violation("file-lines", source.path, f"{lines} lines > {MAX_FILE_LINES}")


def function_violations(source: Source) -> Iterator[Violation]:
    """Functions too long, too deep, with too many arguments or passing keywords through; silenced limits."""
    for name, function in functions(source):
        place = f"{source.path}::{name}"
        lines, depth = function_lines(function), nesting(function)
        if lines > MAX_FUNCTION_LINES:
            yield Violation("function-lines", place, f"{lines} lines > {MAX_FUNCTION_LINES}")
        if depth > MAX_NESTING:
            yield Violation("nesting", place, f"{depth} levels > {MAX_NESTING}")
        if passes_kwargs_through(function):
            yield Violation("kwargs", place, "**kwargs pass-through")
        if source.room not in MANY_ARGUMENTS:
            yield from _argument_violations(function, place, is_method="." in name)
    for number, line in enumerate(source.text.splitlines(), start=1):
        if _SILENCED.search(line):
            yield Violation("silenced", source.path, f"line {number} silences a limit of size: {line.strip()}")


def _argument_violations(function: Function, place: str, *, is_method: bool) -> Iterator[Violation]:
    n_all, n_positional = argument_counts(function, is_method=is_method)
    if n_all > MAX_ARGUMENTS:
        yield Violation("arguments", place, f"{n_all} arguments > {MAX_ARGUMENTS}")
    if n_positional > MAX_POSITIONAL:
        yield Violation("positional", place, f"{n_positional} positional arguments > {MAX_POSITIONAL}")
