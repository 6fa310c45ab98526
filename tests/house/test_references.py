"""Every paper that the package names has a checked entry: methods, gene lists, and the References of stats."""

from __future__ import annotations

import re

import pytest
from tests.house.sources import src_files

from tmescope.bulk.methods.deconvolvers import DECONVOLVERS
from tmescope.bulk.methods.registry import METHODS
from tmescope.facts.bibliography import find_doi, load_bibliography
from tmescope.facts.checklists import load_remark
from tmescope.facts.signatures import list_collections, list_signatures, load_collection
from tmescope.study import describing_cohorts, describing_statistics

_DOI = re.compile(r"10\.\d{4,9}/[A-Za-z0-9./():_-]+")


def _named() -> dict[str, str]:
    sets = [*list_signatures(), *(s for c in list_collections() for s in load_collection(c))]
    named = {find_doi(s.reference): s.name for s in sets} | {
        m.spec.reference: m.spec.name for m in (*METHODS, *DECONVOLVERS)
    }
    named[load_remark().doi] = "remark"
    for source in src_files():
        if "/stats/" in source.path:
            named |= {doi.rstrip(".)"): source.path for doi in _DOI.findall(source.text)}
    for module in (describing_cohorts, describing_statistics):
        named |= {doi: module.__name__ for doi in _strings(vars(module))}
    named.pop("", None)
    return named


def _strings(values: object) -> set[str]:
    if isinstance(values, str):
        return set(_DOI.findall(values)) if _DOI.fullmatch(values) else set()
    inner = values.values() if isinstance(values, dict) else values if isinstance(values, tuple) else ()
    return {doi for value in inner for doi in _strings(value)}


NAMED = _named()


def test_the_search_for_papers_finds_those_of_every_kind() -> None:
    kinds = set(NAMED.values())
    assert {"ssgsea_raw", "remark", describing_statistics.__name__} <= kinds
    assert any(k.endswith("ordering.py") for k in kinds)
    assert len(NAMED) > 35


@pytest.mark.parametrize("doi", sorted(NAMED))
def test_a_paper_that_is_named_has_an_entry(doi: str) -> None:
    assert doi.lower() in load_bibliography(), f"{NAMED[doi]} names {doi}: add it to facts/data/references.toml"
