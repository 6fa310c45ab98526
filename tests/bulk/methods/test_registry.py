from __future__ import annotations

import re

import pytest

from tmescope.bulk.methods.registry import METHODS


def test_names_are_unique_and_snake_case():
    names = [m.spec.name for m in METHODS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", n) for n in names)


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.spec.name)
def test_specs_tell_the_reader_everything(method):
    spec = method.spec
    assert spec.room == "bulk"
    assert spec.low < spec.high
    assert spec.summary.endswith(".")
    assert spec.higher_means
    assert spec.reference == "" or re.fullmatch(r"10\.\d{4,}/\S+", spec.reference)
    assert spec.licence or spec.gene_sets is None
