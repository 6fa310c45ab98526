from __future__ import annotations

import pandas as pd
import pytest

from tmescope.foundation.errors import StoreError
from tmescope.study.export_scores import ASSAY_TYPE, write_scores


def _tables(*rows: tuple[str, str, str, float]) -> dict[str, pd.DataFrame]:
    scores = pd.DataFrame(rows, columns=["sample_id", "method", "feature", "value"]).assign(unit="SD")
    return {
        "scores": scores,
        "methods": pd.DataFrame({"name": ["m.1"], "summary": ["What it does"]}),
        "signatures": pd.DataFrame({"name": ["cyt"], "title": ["Cytolytic activity"]}),
    }


def test_one_profile_a_method_in_the_order_of_the_samples(tmp_path):
    own = _tables(
        ("S 2", "m.1", "cyt", 0.1),
        ("S1", "m.1", "cyt", float("nan")),
        ("S1", "m.1", "own set", 2.0),
        ("S1", "n", "x", 1.0),
    )
    write_scores(tmp_path, "c", own, order=(["S1", "S 2"], ["S1", "S_2"]))
    assert (tmp_path / "data_scores_m_1.txt").read_text().splitlines() == [
        "ENTITY_STABLE_ID\tNAME\tDESCRIPTION\tS1\tS_2",
        "m_1_cyt\tcyt (m.1)\tCytolytic activity in SD\tNA\t0.1",
        "m_1_own_set\town set (m.1)\town set in SD\t2.0\tNA",
    ]
    meta = (tmp_path / "meta_scores_m_1.txt").read_text().splitlines()
    assert f"generic_assay_type: {ASSAY_TYPE}" in meta
    assert "datatype: LIMIT-VALUE" in meta
    assert "stable_id: tme_m_1" in meta
    assert "profile_description: What it does" in meta
    assert (tmp_path / "data_scores_n.txt").read_text().splitlines()[1] == "n_x\tx (n)\tx in SD\t1.0\tNA"


def test_scores_that_would_have_one_identifier_are_refused(tmp_path):
    own = _tables(("S1", "m", "a b", 1.0), ("S1", "m", "a.b", 1.0))
    with pytest.raises(StoreError, match="'m_a_b'") as caught:
        write_scores(tmp_path, "c", own, order=(["S1"], ["S1"]))
    assert caught.value.where == "cohort c"
