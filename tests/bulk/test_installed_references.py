"""References of methods, read from what is installed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.facts.references import made

from tmescope.bulk.installed_references import read_references
from tmescope.bulk.methods.abis import RNA_SEQ
from tmescope.facts.installed import install
from tmescope.facts.references.abis import Abis
from tmescope.facts.references.quantiseq import Quantiseq
from tmescope.foundation.errors import FactsError


def test_one_is_given_as_it_is_and_several_by_name(tmp_path: Path) -> None:
    for name, write in (("quantiseq", made.quantiseq), ("abis", made.abis)):
        (tmp_path / name).mkdir()
        write(tmp_path / name, made.REGISTERED[name])
        install(name, tmp_path / name, home=tmp_path / "home", accepted=frozenset({name}))
    one = read_references(RNA_SEQ, {}, version=None, home=tmp_path / "home")
    assert isinstance(one.content, Abis)
    assert len(one.facts) == 3
    both = replace(RNA_SEQ, further=lambda parameters: parameters["more"])
    found = read_references(both, {"more": (("quantiseq", None),)}, version=None, home=tmp_path / "home")
    assert isinstance(found.content["quantiseq"], Quantiseq)
    assert isinstance(found.content["abis"], Abis)
    assert len(found.facts) == 7
    none = read_references(both, {"more": ()}, version=None, home=tmp_path / "home")
    assert list(none.content) == ["abis"]
    with pytest.raises(FactsError, match="hgnc 2017-04-18 is not installed"):
        read_references(both, {"more": (("hgnc", "2017-04-18"),)}, version=None, home=tmp_path / "home")
