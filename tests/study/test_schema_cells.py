"""Keys of a cohort of cells that go together."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmescope.study.schema import Cohort

CELLS = {"id": "a", "kind": "cells", "atlas": "a.zarr", "labels": "cell_type"}


def test_an_atlas_stands_for_expression_and_scale():
    cohort = Cohort.model_validate(CELLS)
    assert (cohort.expression, cohort.scale) == ("a.zarr", "counts")
    assert Cohort.model_validate(cohort.model_dump()) == cohort


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"atlas": None, "kind": "bulk", "expression": "m.tsv", "scale": "tpm"},
            "labels does not belong to kind = bulk",
        ),
        ({"scale": "tpm"}, "an atlas holds counts"),
        ({"expression": "m.tsv"}, "stands beside atlas"),
        ({"gene_lengths": "l.tsv"}, "gene_lengths does not belong to kind = cells"),
        ({"min_cells": 0}, "greater than or equal to 1"),
    ],
)
def test_what_contradicts_itself_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        Cohort.model_validate(CELLS | changes)


def test_without_an_atlas_there_are_no_cells():
    with pytest.raises(ValidationError, match="needs atlas"):
        Cohort.model_validate({"id": "a", "kind": "cells"})
