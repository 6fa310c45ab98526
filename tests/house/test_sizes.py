"""Files, functions, arguments and nesting stay small; the measures are tested on samples that must fail."""

from __future__ import annotations

import ast

import pytest
from tests.house import exemptions, measures
from tests.house.measures import Violation
from tests.house.sources import Source, python_files, src_files


def test_files_are_short() -> None:
    everywhere = python_files("src", "tests", "bench", "docs")
    exemptions.demand((v for s in everywhere for v in measures.file_violations(s)), "file-lines")


def test_functions_are_small() -> None:
    found = [v for s in src_files() for v in measures.function_violations(s)]
    exemptions.demand(found, "function-lines", "nesting", "kwargs", "arguments", "positional", "silenced")


def test_exemptions_name_known_rules() -> None:
    listed = exemptions.read(exemptions.FILE.read_text(encoding="utf-8"))
    assert {e.rule for e in listed} <= exemptions.RULES


def _rules(text: str, path: str = "src/tmescope/bulk/sample.py") -> list[str]:
    source = Source.of(path, text)
    return [v.rule for v in (*measures.file_violations(source), *measures.function_violations(source))]


LONG_BODY = "def f():\n" + "    x = 1\n" * 50
FULL_BODY = "def f():\n" + "    x = 1\n" * 49
DEEP = "def f(a):\n" + "".join(f"{'    ' * n}if a:\n" for n in range(1, 6)) + "    " * 6 + "pass\n"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("x = 1\n" * 401, "file-lines"),
        (LONG_BODY, "function-lines"),
        (
            f"class A:\n    def f(self):\n{'        x = 1' + chr(10)}" + "        x = 1\n" * 50,
            "function-lines",
        ),
        (DEEP, "nesting"),
        ("def f(a, b, *, c, d, e, g, h, i): ...", "arguments"),
        ("def f(a, b, c, d): ...", "positional"),
        ("class A:\n    def f(self, a, b, c, d): ...", "positional"),
        ("def f(**kwargs): return g(1, **kwargs)", "kwargs"),
        ("def f(a):  # noqa: C901, E501\n    pass", "silenced"),
        ("def f(a):  # noqa: PLR0913 - many\n    pass", "silenced"),
    ],
)
def test_samples_fail(text: str, rule: str) -> None:
    assert rule in _rules(text)


@pytest.mark.parametrize(
    "text",
    [
        "x = 1\n" * 400,
        FULL_BODY,
        'def f():\n    """One.\n' + "    more\n" * 60 + '    """\n' + "    x = 1\n" * 48,
        "def f(a, b, c, *, d, e, g, h): ...",
        "class A:\n    def f(self, a, b, c): ...",
        "def f(**names): return dict(names)",
        "def f(a):  # noqa: S101 - shown\n    pass",
    ],
)
def test_samples_pass(text: str) -> None:
    assert _rules(text) == []


@pytest.mark.parametrize("room", ["kernels", "cli"])
def test_kernels_and_commands_may_take_many_arguments(room: str) -> None:
    text = "def f(a, b, c, d, e, g, h, out): ..."
    assert _rules(text, f"src/tmescope/{room}/rank.py") == []
    assert set(_rules(text)) == {"arguments", "positional"}


def test_elif_and_nested_functions_are_no_deeper() -> None:
    chain = "def f(a):\n    if a == 1:\n        pass\n" + "".join(
        f"    elif a == {n}:\n        pass\n" for n in range(9)
    )
    assert measures.nesting(_first(chain)) == 1
    assert measures.nesting(_first("def f(a):\n    if a:\n        def g():\n            for x in a: pass\n")) == 1
    assert (
        measures.nesting(
            _first("def f(a):\n    try:\n        pass\n    except E:\n        for x in a:\n            pass")
        )
        == 2
    )
    assert measures.nesting(_first("def f(a):\n    if a: pass\n    else:\n        if a: pass\n        x = 1")) == 2


def _first(text: str) -> measures.Function:
    node = ast.parse(text).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


def test_an_exemption_excuses_one_place_and_a_stale_one_is_found() -> None:
    listed = exemptions.read(
        "# heading\nnesting  a.py::f  # the format nests this deep\nnesting a.py::h # gone since last year\n"
    )
    violations = [Violation("nesting", "a.py::f", "5"), Violation("nesting", "a.py::g", "5")]
    unexcused, stale = exemptions.settle(violations, listed, rules=["nesting"])
    assert [v.place for v in unexcused] == ["a.py::g"]
    assert [e.place for e in stale] == ["a.py::h"]
    assert exemptions.settle([], listed, rules=["arguments"]) == ([], [])


@pytest.mark.parametrize("line", ["nesting a.py::f", "nesting a.py::f # why", "nesting # no place at all"])
def test_an_exemption_needs_a_reason(line: str) -> None:
    with pytest.raises(ValueError, match="reason"):
        exemptions.read(line)
