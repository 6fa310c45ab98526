"""Nothing heavy at import, imports go downwards, tests mirror the source, numba is compiled in one place."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.house import exemptions, layout
from tests.house.measures import Violation
from tests.house.sources import ROOT, Source, pyproject, python_files, rooms, src_files

HEAVY = (
    "numba", "pandas", "scipy", "anndata", "pydantic", "altair", "pyarrow", "statsmodels", "sklearn",
    "zarr", "h5py", "jinja2", "vl_convert", "duckdb", "dask", "httpx",
)  # fmt: skip
ALLOWED_OUTSIDERS = {
    "numba only in kernels": {"kernels"},
    "pictures and templates only in report": {"report"},
    "terminal libraries only in cli": {"cli"},
    "duckdb only in store and horizon": {"store", "horizon"},
}
COMPILERS = frozenset({"njit", "jit", "vectorize", "guvectorize", "cfunc", "stencil", "generated_jit", "prange"})


def _loaded_after(code: str) -> set[str]:
    """Heavy modules that are loaded when a fresh interpreter has run this code, however it ends."""
    dump = (
        f"import atexit, json, sys\nheavy = {HEAVY!r}\n"
        "loaded = lambda: json.dumps([m for m in heavy if m in sys.modules])\n"
        "atexit.register(lambda: sys.stderr.write('LOADED' + loaded()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", dump + code],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.rpartition("LOADED")[2]))


@pytest.mark.parametrize(
    "code",
    [
        "import tmescope",
        "import tmescope; dir(tmescope)",
        "import " + ", ".join(f"tmescope.{room}" for room in rooms() if room != "cli"),
        "sys.argv = ['tmescope', '--help']\nfrom tmescope.cli.main import main\nmain()",
        "sys.argv = ['tmescope', '--version']\nfrom tmescope.cli.main import main\nmain()",
    ],
    ids=["import", "dir", "rooms", "help", "version"],
)
def test_nothing_heavy_is_loaded(code: str) -> None:
    assert _loaded_after(code) == set()


def test_a_heavy_import_is_noticed() -> None:
    assert "jinja2" in _loaded_after("import jinja2")
    assert "jinja2" in _loaded_after("import jinja2\nsys.exit(0)")


def test_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], check=False, capture_output=True, text=True, timeout=120, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout, "the import linter checked nothing"


def _contracts(kind: str) -> list[dict[str, object]]:
    return [c for c in pyproject()["tool"]["importlinter"]["contracts"] if c["type"] == kind]


def test_every_room_has_its_place_on_the_stairs() -> None:
    (contract,) = _contracts("layers")
    required, optional = layout.layer_rooms(contract)
    assert set(rooms()) - required - optional == set(), "a new room must be placed in the layers contract"
    assert required - set(rooms()) == set(), "rooms that do not exist yet are written in brackets"
    assert optional & set(rooms()) == set(), "rooms that exist are not optional any more: remove the brackets"


@pytest.mark.parametrize("name", ALLOWED_OUTSIDERS)
def test_forbidden_contracts_cover_every_other_room(name: str) -> None:
    (contract,) = [c for c in _contracts("forbidden") if c["name"] == name]
    covered = {str(module).removeprefix("tmescope.") for module in contract["source_modules"]}  # type: ignore[attr-defined]
    assert covered == set(rooms()) - ALLOWED_OUTSIDERS[name]


def test_layers_are_read_with_and_without_brackets() -> None:
    required, optional = layout.layer_rooms(
        {"layers": ["tmescope.cli | (tmescope.app)", "tmescope.study", "(tmescope.x)"]}
    )
    assert (required, optional) == ({"cli", "study"}, {"app", "x"})


def _paths(*folders: str) -> list[str]:
    return [source.path for source in python_files(*folders)]


def test_tests_mirror_the_source() -> None:
    modules, tests = _paths("src"), _paths("tests")
    exemptions.demand(layout.missing_tests(modules, tests), "mirror")
    exemptions.demand(layout.orphan_tests(modules, tests, rooms()), "orphan")


def test_mirror_samples() -> None:
    modules = [
        "src/tmescope/bulk/scoring.py",
        "src/tmescope/bulk/methods/means.py",
        "src/tmescope/bulk/__init__.py",
    ]
    good = [
        "tests/bulk/test_scoring.py",
        "tests/bulk/methods/test_means.py",
        "tests/bulk/test_scoring_parity.py",
    ]
    assert not list(layout.missing_tests(modules, good))
    assert not list(layout.orphan_tests(modules, good, ["bulk"]))
    missing = layout.missing_tests(modules, ["tests/bulk/test_scoring_parity.py", "tests/stats/test_means.py"])
    assert [v.place for v in missing] == modules[:2]
    stray = ["tests/bulk/test_scores.py", "tests/house/test_scores.py", "tests/test_wheel.py"]
    assert [v.place for v in layout.orphan_tests(modules, stray, ["bulk"])] == ["tests/bulk/test_scores.py"]


def _compile_violations(source: Source) -> list[Violation]:
    if source.path == "src/tmescope/kernels/compile.py":
        return []
    lines = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "numba":
            lines |= {node.lineno for alias in node.names if alias.name in COMPILERS | {"*"}}
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in COMPILERS:
            lines |= {node.lineno} if node.value.id in {"numba", "nb"} else set()
    return [
        Violation("compile", source.path, f"line {line} compiles: only kernels/compile.py does")
        for line in sorted(lines)
    ]


def test_one_place_compiles() -> None:
    exemptions.demand((v for source in src_files() for v in _compile_violations(source)), "compile")


@pytest.mark.parametrize("text", ["from numba import njit", "from numba import *", "import numba as nb\nf = nb.jit(g)"])
def test_compiling_elsewhere_is_noticed(text: str) -> None:
    assert _compile_violations(Source.of("src/tmescope/kernels/ranks.py", text))
    assert not _compile_violations(Source.of("src/tmescope/kernels/compile.py", text))
