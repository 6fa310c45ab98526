"""What source code of the package may not contain: names of modules, calls, imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.house.measures import Violation
from tests.house.sources import Source

BANNED_MODULE_NAMES = frozenset({"utils", "util", "utilities", "core", "common", "helpers", "helper", "misc"})

BANNED_IMPORTS = {
    "pickle": "nothing is pickled",
    "cloudpickle": "nothing is pickled",
    "dill": "nothing is pickled",
    "joblib": "its persistence is pickle",
    "marshal": "executes on reading",
    "shelve": "is pickle",
    "xml": "XML needs a parser without DTD and entities",
    "lxml": "XML needs a parser without DTD and entities",
    "socket": "only ingest/fetch.py talks to the network",
    "urllib.request": "only ingest/fetch.py talks to the network",
    "http.client": "only ingest/fetch.py talks to the network",
    "ftplib": "only ingest/fetch.py talks to the network",
    "httpx": "only ingest/fetch.py talks to the network",
    "httpcore": "only ingest/fetch.py talks to the network",
}
HARMLESS_IMPORTS = frozenset({"xml.sax.saxutils"})
NETWORK_FILE = "src/tmescope/ingest/fetch.py"

BANNED_BUILTINS = {
    "eval": "executes text",
    "exec": "executes text",
    "compile": "executes text",
    "__import__": "import by name with importlib",
    "breakpoint": "left over from debugging",
    "input": "the command line never asks: it runs in batch jobs",
}
BANNED_ATTRIBUTES = {
    ("yaml", "load"): "constructs objects: use safe_load",
    ("yaml", "load_all"): "constructs objects: use safe_load_all",
    ("yaml", "full_load"): "constructs objects: use safe_load",
    ("yaml", "unsafe_load"): "constructs objects: use safe_load",
    ("os", "system"): "runs a shell",
    ("os", "popen"): "runs a shell",
    ("tempfile", "mktemp"): "is a race: use mkstemp or a temporary folder",
    ("pd", "read_pickle"): "nothing is pickled",
    ("pandas", "read_pickle"): "nothing is pickled",
    ("warnings", "warn"): "warnings are RunWarning in the result",
    ("warnings", "filterwarnings"): "changes the caller's process: use catch_warnings",
}
BANNED_METHODS = {"to_pickle": "nothing is pickled"}
BANNED_KEYWORDS = {"shell": "runs a shell", "allow_pickle": "nothing is pickled"}


def name_violations(path: str) -> Iterator[Violation]:
    """A module or folder whose name says that its contents have no home."""
    parts = [*PurePosixPath(path).parts[:-1], PurePosixPath(path).stem]
    for part in parts:
        if part.strip("_") in BANNED_MODULE_NAMES:
            yield Violation("banned-name", path, f"{part!r}: find the home of what is in it")


def code_violations(source: Source) -> Iterator[Violation]:
    """Banned statements, calls and imports in one file of the package."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assert):
            yield _call(source, node, "assert", "vanishes under -O: raise an error of the tree")
        elif isinstance(node, ast.Call):
            yield from _call_violations(source, node)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from _import_violations(source, node, alias.name)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield from _import_violations(source, node, f"{node.module}.{alias.name}")


def _call_violations(source: Source, node: ast.Call) -> Iterator[Violation]:
    function = node.func
    if isinstance(function, ast.Name):
        if function.id == "print" and source.room != "cli":
            yield _call(source, node, "print", "only cli prints")
        if function.id in BANNED_BUILTINS:
            yield _call(source, node, function.id, BANNED_BUILTINS[function.id])
    if isinstance(function, ast.Attribute):
        owner = function.value.id if isinstance(function.value, ast.Name) else ""
        if (owner, function.attr) in BANNED_ATTRIBUTES:
            yield _call(source, node, f"{owner}.{function.attr}", BANNED_ATTRIBUTES[owner, function.attr])
        if function.attr in BANNED_METHODS:
            yield _call(source, node, function.attr, BANNED_METHODS[function.attr])
    for keyword in node.keywords:
        is_false = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        if keyword.arg in BANNED_KEYWORDS and not is_false:
            yield _call(source, node, f"{keyword.arg}=", BANNED_KEYWORDS[keyword.arg])


def _import_violations(source: Source, node: ast.stmt, dotted: str) -> Iterator[Violation]:
    if any(_inside(dotted, harmless) for harmless in HARMLESS_IMPORTS):
        return
    for banned, reason in BANNED_IMPORTS.items():
        if _inside(dotted, banned) and not ("network" in reason and source.path == NETWORK_FILE):
            yield Violation("banned-import", source.path, f"line {node.lineno}: import {dotted}: {reason}")


def _inside(dotted: str, module: str) -> bool:
    return dotted == module or dotted.startswith(f"{module}.")


def _call(source: Source, node: ast.stmt | ast.expr, what: str, reason: str) -> Violation:
    return Violation("banned-call", source.path, f"line {node.lineno}: {what}: {reason}")
