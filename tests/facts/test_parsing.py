"""Every reference of the registry has a parser, and the real files of each are read by it."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from tests.facts.references import made

from tmescope.facts.parsing import PARSERS, parse
from tmescope.facts.registry import find_reference, list_references
from tmescope.foundation.errors import FileFormatError, UnknownNameError


def test_every_reference_has_a_parser_and_every_parser_is_there() -> None:
    assert {reference.parser for reference in list_references()} == set(PARSERS)
    for module, function in PARSERS.values():
        assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize("name", [name for name in sorted(PARSERS) if name != "hgnc"])
def test_made_files_are_read_by_their_parser(name: str, tmp_path: Path) -> None:
    reference = find_reference(name)
    smaller = tuple(replace(file, min_rows=min(file.min_rows, 3)) for file in reference.files)
    found = parse(replace(reference, files=smaller), made.registered(name, tmp_path))
    assert found is not None


@pytest.mark.parametrize("name", ["xcell", "consensustme", "abis"])
def test_too_few_lines_are_told_in_plain_words(name: str, tmp_path: Path) -> None:
    paths = made.registered(name, tmp_path)
    first = find_reference(name).files[0]
    lines = paths[first.role].read_text(encoding="utf-8").splitlines()
    made.write(tmp_path, paths[first.role].name, lines[:3])
    with pytest.raises(FileFormatError):
        parse(find_reference(name), paths)


def test_a_parser_that_this_release_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no parser is named 'absi'") as caught:
        parse(replace(find_reference("abis"), parser="absi"), {})
    assert "did you mean 'abis'?" in str(caught.value)
