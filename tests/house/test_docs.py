"""Docstrings say what a reader needs, pages show commands that exist, the changelog knows the version."""

from __future__ import annotations

from typing import Any

import pytest
import typer.main
from tests.house import api, commands, docstrings, exemptions
from tests.house.commands import Command
from tests.house.sources import ROOT, Source, pyproject, rooms, src_files

from tmescope.cli.fallback import FallbackGroup
from tmescope.cli.main import app

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/how-to/atlas.md",
    "docs/how-to/cbioportal.md",
    "docs/how-to/horizon-watch.md",
    "docs/how-to/horizon-study.md",
    "docs/how-to/horizon.md",
    "docs/how-to/horizon-sources.md",
    "docs/methods/scoring.md",
    "bench/README.md",
)


def test_public_things_have_full_docstrings() -> None:
    offered = api.offered_places(api.typing_source(name) for name in ("tmescope", *(f"tmescope.{r}" for r in rooms())))
    assert offered, "no room offers anything?"
    found = [v for source in src_files() for v in docstrings.docstring_violations(source, offered=offered)]
    exemptions.demand(found, "docstring", "parameters", "raises")


def test_every_room_says_what_it_is() -> None:
    inits = {source.room: source for source in src_files() if source.path.endswith("/__init__.py")}
    silent = [room for room in rooms() if not docstrings.module_docstring(inits[room])]
    assert not silent, f"rooms without a docstring: {silent}"


def _tree(command: Any) -> Command:
    options = {
        "--help",
        *(name for p in command.params for name in (*p.opts, *p.secondary_opts) if name.startswith("-")),
    }
    options |= set(command.context_settings.get("help_option_names", ()))
    inner = {name: _tree(child) for name, child in getattr(command, "commands", {}).items()}
    return Command(frozenset(options), inner, next(iter(inner)) if isinstance(command, FallbackGroup) else "")


@pytest.fixture(scope="module")
def click_root() -> Any:
    return typer.main.get_command(app)


@pytest.mark.parametrize("page", PAGES)
def test_pages_show_commands_that_exist(page: str, click_root: Any) -> None:
    targets = commands.make_targets((ROOT / "Makefile").read_text(encoding="utf-8"))
    text = (ROOT / page).read_text(encoding="utf-8")
    problems = commands.page_problems(text, root=_tree(click_root), targets=targets)
    assert not problems, f"{page} shows what does not exist: {problems}"


def test_the_readme_begins_with_the_two_commands() -> None:
    shown = list(commands.shown_commands((ROOT / "README.md").read_text(encoding="utf-8")))
    assert shown[:2] == [["make", "demo"], ["make", "test"]]


def test_every_option_has_help(click_root: Any) -> None:
    def silent(command: Any, path: str) -> list[str]:
        mute = [f"{path} {p.name}" for p in command.params if not getattr(p, "help", None)]
        mute += [] if command.help else [path]
        return mute + [m for name, c in getattr(command, "commands", {}).items() for m in silent(c, f"{path} {name}")]

    assert silent(click_root, "tmescope") == []


def test_changelog_knows_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert any(line.startswith(f"## [{pyproject()['project']['version']}]") for line in headings), headings


def _rules(text: str, *, offered: bool = False, path: str = "src/tmescope/bulk/a.py") -> list[str]:
    source = Source.of(path, '"""Sample."""\n' + text)
    return [
        v.rule
        for v in docstrings.docstring_violations(
            source, offered=frozenset({f"{path}::f", f"{path}::A"} if offered else ())
        )
    ]


FULL = '''"""Do.

    Parameters
    ----------
    a, b : int
        Numbers.
    c
        Text.
    """'''


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("def f(): pass", "docstring"),
        ("class A: pass", "docstring"),
        ('class A:\n    """A."""\n    def g(self): pass', "docstring"),
        ('def f(a, b, c):\n    """Do."""', "parameters"),
        (f"def f(a, b, c, d):\n    {FULL}", "parameters"),
        (f"def f(a, b):\n    {FULL}", "parameters"),
        ('@dataclass\nclass A:\n    """A."""\n    x: int\n    y: int\n    z: int = 0', "parameters"),
        ('def f(a):\n    """Do."""\n    raise InputError("x")', "raises"),
        ('def f(a):\n    """Do."""\n    raise UnknownNameError.of("x", a, ())', "raises"),
    ],
)
def test_samples_fail(text: str, rule: str) -> None:
    assert _rules(text) == [rule]


def test_a_module_without_docstring_fails() -> None:
    found = list(docstrings.docstring_violations(Source.of("src/tmescope/bulk/a.py", "x = 1"), offered=frozenset()))
    assert [v.rule for v in found] == ["docstring"]


@pytest.mark.parametrize(
    "text",
    [
        f"def f(a, b, c):\n    {FULL}",
        'def f(a, b):\n    """Do with `a` and `b`."""',
        "def _f(a, b, c): pass",
        'class A:\n    """A."""\n    x: int\n    """What x is."""\n    _y: int',
        'class A:\n    """A."""\n    z: int = Field(1, description="Z.")',
        'class A:\n    """A.\n\n    Attributes\n    ----------\n    x : int\n        X.\n    """\n    x: int',
        'def f(a):\n    """Do; InputError where it cannot."""\n    raise InputError("x")',
        'def f(a):\n    """Do."""\n    raise KeyError(a)',
    ],
)
def test_samples_pass(text: str) -> None:
    assert _rules(text) == []


def test_what_a_room_offers_is_described_in_full() -> None:
    assert _rules('def f(a):\n    """Do with `a`."""', offered=True) == ["parameters"]
    assert _rules('class A:\n    """A."""\n    def g(self, a):\n        """Do with `a`."""', offered=True) == [
        "parameters"
    ]
    assert _rules('@dataclass\nclass A:\n    """A with `x`."""\n    x: int = 0', offered=True) == ["parameters"]
    assert _rules('@dataclass\nclass A:\n    """A with `x`."""\n    x: int = 0') == []
    assert _rules('def f():\n    """Do."""', offered=True) == []
    assert api.offered_places(["from tmescope.bulk.scoring import score as score"]) == {
        "src/tmescope/bulk/scoring.py::score"
    }


SHOWN = """
Text with `tmescope nothing` in it.

```sh
make demo ARGS=-x          # a comment
$ tmescope run study.toml \\
    -o results/ && tmescope list show NAME | less
.venv/bin/tmescope run --output=x
THREADS=2 tmescope --version
```
"""
ROOT_COMMAND = Command(
    frozenset({"--version"}),
    {"run": Command(frozenset({"-o", "--output"})), "list": Command(frozenset(), {"show": Command()})},
)


def test_shown_commands_are_read() -> None:
    shown = list(commands.shown_commands(SHOWN))
    assert shown[0] == ["make", "demo", "ARGS=-x"]
    assert shown[1] == ["tmescope", "run", "study.toml", "-o", "results/"]
    assert shown[2:4] == [["tmescope", "list", "show", "NAME"], ["less"]]
    assert commands.page_problems(SHOWN, root=ROOT_COMMAND, targets=["demo"]) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("make dmo", "no target dmo"),
        ("tmescope rnu study.toml", "no command rnu"),
        ("tmescope list shwo NAME", "no command shwo"),
        ("tmescope run s.toml --outptu x", "no option --outptu"),
        ("cd x && tmescope --verson", "no option --verson"),
    ],
)
def test_wrong_commands_are_found(line: str, problem: str) -> None:
    found = commands.page_problems(f"```sh\n{line}\n```\n", root=ROOT_COMMAND, targets=["demo"])
    assert len(found) == 1
    assert problem in found[0]
