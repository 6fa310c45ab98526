from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.bulk.harmonised import harmonise, map_features
from tmescope.facts.cell_types import load_cell_types

CD4, CD8, TREG, T_CELL, B_CELL = "CL:0000624", "CL:0000625", "CL:0000815", "CL:0000084", "CL:0000236"


def rows(method, features, values, coverage=1.0):
    """One sample's estimates."""
    return pd.DataFrame(
        {
            "cohort_id": "c",
            "sample_id": "s",
            "method": method,
            "feature": list(features),
            "value": values,
            "coverage": coverage,
            "unit": "",
        }
    )


def test_the_identifiers_of_this_test_are_those_of_the_tree():
    tree = load_cell_types()
    names = {CD4: "CD4-positive, alpha-beta T cell", TREG: "regulatory T cell", T_CELL: "T cell", B_CELL: "B cell"}
    assert {k: tree.get(k).name for k in names} == names


def test_shares_of_kinds_add_up_to_the_wider_type():
    features = ["T.cells.CD4", "Tregs", "T.cells.CD8", "B.cells", "Other"]
    mapped = map_features(features, additive=True)
    assert mapped[CD4] == ("T.cells.CD4", "Tregs")
    assert mapped[T_CELL] == ("T.cells.CD4", "Tregs", "T.cells.CD8")
    assert mapped[TREG] == ("Tregs",)
    assert not any("Other" in names for names in mapped.values())


def test_scores_are_never_added_and_parts_do_not_stand_for_the_whole():
    mapped = map_features(["CD8+ T-cells", "CD8+ Tcm", "Macrophages M1", "Tregs"], additive=False)
    assert mapped[CD8] == ("CD8+ T-cells",)
    assert T_CELL not in mapped
    assert not any("Macrophages M1" in names for names in mapped.values())


def test_two_scores_of_one_type_are_no_score_of_it():
    assert B_CELL not in map_features(["B cells", "B lineage", "Tregs"], additive=False)


def test_values_are_sums_and_a_missing_part_makes_them_missing():
    shares = rows("shares", ["T.cells.CD4", "Tregs", "T.cells.CD8"], [0.2, 0.1, np.nan], [1.0, 0.7, 0.9])
    scores = rows("scores", ["CD8+ T-cells"], [3.0])
    found = harmonise(pd.concat([shares, scores]), additive={"shares": True}).set_index(["method", "cl_id"])
    assert found.loc[("shares", CD4), "value"] == pytest.approx(0.3)
    assert found.loc[("shares", CD4), "coverage"] == 0.7
    assert np.isnan(found.loc[("shares", T_CELL), "value"])
    assert found.loc[("scores", CD8), "value"] == 3.0
    assert len(harmonise(rows("m", ["nothing known"], [1.0]), additive={})) == 0
