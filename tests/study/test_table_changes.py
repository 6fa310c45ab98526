from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tmescope.store.tables import SCHEMAS, shape_table
from tmescope.study.table_changes import KEYS, compare_tables


def _table(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    columns = SCHEMAS[name].columns
    return shape_table(name, pd.DataFrame([{c: None for c in columns} | r for r in rows], columns=list(columns)))


def _score(sample: str = "s1", feature: str = "cyt", method: str = "zscore", **more: object) -> dict[str, object]:
    return {
        "cohort_id": "a",
        "sample_id": sample,
        "method": method,
        "feature": feature,
        "value": 1.0,
        "coverage": 1.0,
    } | more


def _answer(**more: object) -> dict[str, object]:
    keys = {"cohort_id": "a", "question_id": "response:r", "feature": "cyt", "source": "zscore", "effect_name": "auc"}
    return keys | {"effect": 0.7, "p_value": 0.01, "q_value": 0.04} | more


def test_every_table_has_keys_that_its_schema_knows():
    assert KEYS.keys() == SCHEMAS.keys()
    for name, keys in KEYS.items():
        assert set(keys) <= SCHEMAS[name].columns.keys()


@pytest.mark.parametrize("name", list(KEYS))
def test_a_table_equals_itself_in_any_order_of_its_rows_and_empty(name):
    columns = SCHEMAS[name].columns
    kinds = {"str": ["x", "y", None], "float": [1.0, 2.0, np.nan], "int": [1, 2, None], "bool": [True, False, None]}
    table = shape_table(name, pd.DataFrame({c: kinds[k] for c, k in columns.items()}))
    assert compare_tables(name, table, table.iloc[::-1]) == []
    assert compare_tables(name, table.iloc[:0], table.iloc[:0]) == []


def test_scores_are_told_by_cohort_and_method_with_the_largest_change():
    first = _table("scores", [_score("s1"), _score("s2"), _score("s2", "ifng6"), _score("s1", method="plage")])
    second = _table(
        "scores",
        [
            _score("s1", value=1.5),
            _score("s2", value=-2.0),
            _score("s2", "ifng6", value=None),
            _score("s1", method="plage"),
        ],
    )
    (change,) = compare_tables("scores", first, second)
    assert (change.cohort, change.method, change.count) == ("a", "zscore", 3)
    assert "3 scores of 2 gene sets changed in value" in change.summary
    assert "largest change 1 to -2 (cyt, s2)" in change.summary
    assert "1 became missing" in change.summary
    assert change.details[0] == {"feature": "cyt", "count": 2, "largest_change": 3.0}
    assert change.details[1] == {"feature": "ifng6", "count": 1, "largest_change": None}
    (back,) = compare_tables("scores", second, first)
    assert "1 appeared" in back.summary


def test_coverage_alone_is_said_to_be_what_changed():
    (change,) = compare_tables("scores", _table("scores", [_score()]), _table("scores", [_score(coverage=0.5)]))
    assert change.summary == "1 score of 1 gene set changed in coverage"


def test_rounding_is_no_change():
    first, second = _table("scores", [_score(value=1.0)]), _table("scores", [_score(value=1.0 + 1e-13)])
    (change,) = compare_tables("scores", first, second)
    assert (change.kind, change.count) == ("rounding", 1)
    (change,) = compare_tables("scores", first, _table("scores", [_score(value=1.0 + 1e-6)]))
    assert change.kind == "changed"


def test_rows_that_came_and_went_are_named():
    first = _table("samples", [{"cohort_id": "a", "sample_id": s} for s in ("s1", "s2", "s3")])
    second = _table("samples", [{"cohort_id": "a", "sample_id": s} for s in ("s3", "s4")])
    lost, gained = compare_tables("samples", first, second)
    assert (lost.kind, lost.count, lost.cohort) == ("lost", 2, "a")
    assert lost.summary == "2 rows lost: a, s1; a, s2"
    assert gained.details == ({"cohort_id": "a", "sample_id": "s4"},)


def test_answers_that_cross_a_limit_are_pointed_out():
    first = _table("answers", [_answer(), _answer(feature="tmb", q_value=0.5)])
    second = _table("answers", [_answer(effect=0.65, q_value=0.2), _answer(feature="tmb", q_value=0.4)])
    (change,) = compare_tables("answers", first, second)
    assert change.summary.startswith("2 answers changed in effect, q_value; 1 crossed a limit of q: cyt (auc, zscore)")
    assert "q 0.04 to 0.2, across 0.05, 0.1" in change.summary
    assert change.details[0]["crossed"] == [0.05, 0.1]
    assert change.details[0]["changed"] == {"effect": [0.7, 0.65], "q_value": [0.04, 0.2]}
    assert "crossed" not in change.details[1]
    (none,) = compare_tables("answers", first.iloc[1:], second.iloc[1:])
    assert "none crossed a limit of q" in none.summary


def test_columns_words_and_missing_values():
    first = _table("samples", [{"cohort_id": "a", "sample_id": "s1", "sex": "F"}]).assign(response="responder")
    second = _table("samples", [{"cohort_id": "a", "sample_id": "s1"}])
    columns, changed = compare_tables("samples", first, second)
    assert columns.summary == "columns lost: response"
    assert changed.details == ({"cohort_id": "a", "sample_id": "s1", "changed": {"sex": ["F", None]}},)


def test_rows_with_one_key_are_matched_in_their_order():
    rows = [{"code": "c", "where": "a", "message": "m", "count": n} for n in (1, 2)]
    first, second = _table("warnings", rows), _table("warnings", [rows[0], rows[1] | {"count": 3}, rows[0]])
    gained, changed = compare_tables("warnings", first, second)
    assert (gained.kind, gained.count) == ("gained", 1)
    assert changed.details[0]["changed"] == {"count": [2, 3]}
