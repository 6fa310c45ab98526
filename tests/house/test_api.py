"""The public names are recorded, exist, are typed, and no module can hide them."""

from __future__ import annotations

import importlib

import pytest
from tests.house import api
from tests.house.sources import SRC


def test_public_names_are_the_recorded_ones() -> None:
    recorded = api.read_snapshot(api.SNAPSHOT.read_text(encoding="utf-8"))
    change = api.difference(recorded, api.collect(api.public_modules()))
    assert not change, change


def test_the_package_itself_says_what_is_public() -> None:
    assert importlib.import_module("tmescope").__all__


@pytest.mark.parametrize("module", api.public_modules())
def test_public_names_exist_are_listed_once_and_typed(module: str) -> None:
    loaded = importlib.import_module(module)
    names = list(loaded.__all__)
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(loaded, name)] == []
    assert set(names) - set(dir(loaded)) == set(), "dir() shows every public name"
    imported, defined = api.typed_names(api.typing_source(module))
    assert set(names) - imported - defined == set(), "type checkers do not see these names"
    assert imported - set(names) == set(), "type checkers see names that are not public"


@pytest.mark.parametrize("module", [m for m in api.public_modules() if m != "tmescope"])
def test_no_module_hides_a_public_name(module: str) -> None:
    folder = SRC / module.removeprefix("tmescope.")
    modules = {p.stem for p in folder.iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()}
    hidden = modules & set(importlib.import_module(module).__all__)
    assert not hidden, f"a name cannot be a function and a module at once: {sorted(hidden)}"


def test_unknown_names_are_attribute_errors() -> None:
    for module in api.public_modules():
        with pytest.raises(AttributeError, match="no_such_name"):
            _ = importlib.import_module(module).no_such_name


def test_a_change_is_described_with_the_command() -> None:
    message = api.difference(["tmescope.a", "tmescope.b"], ["tmescope.b", "tmescope.c"])
    assert "new:  tmescope.c" in message
    assert "gone: tmescope.a" in message
    assert "tests.house.api --write" in message
    assert api.difference(["tmescope.a"], ["tmescope.a"]) == ""


def test_typed_names_are_read_from_stub_and_source() -> None:
    text = (
        "from __future__ import annotations\n__version__: str\n"
        "from tmescope.bulk.scoring import score as score\n"
        "if TYPE_CHECKING:\n    from tmescope.store import attach\n"
        "def __dir__():\n    from tmescope.bulk import scoring"
    )
    assert api.typed_names(text) == ({"score", "attach"}, {"__version__", "__dir__"})
