from __future__ import annotations

import pandas as pd
from tests.study.contexts import opened

from tmescope.store.tables import empty_table
from tmescope.study.describing_expression import describe_expression
from tmescope.study.material import Material

FIT = {
    "question_id": "who", "cohort_id": "a", "method": "limma: moderated t with trend on log2(tpm+1)", "combat": False,
    "checks": "prior degrees of freedom 4", "combat_method": "", "n_unchanged": 0,
}  # fmt: skip


def _text(tmp_path, fits: list[dict], sets: pd.DataFrame | None = None) -> str:
    with opened(tmp_path) as context:
        tables = {
            "expression_fits": pd.DataFrame(fits),
            "expression_sets": sets if sets is not None else empty_table("expression_sets"),
        }
        return " ".join(describe_expression(Material(context.study, context.needs, tables, {})))


def test_models_and_sets_are_told_with_their_papers(tmp_path) -> None:
    counts = {
        **FIT,
        "cohort_id": "b",
        "method": "voom-limma: moderated t",
        "checks": "x; library sizes by the median of ratios",
    }
    text = _text(tmp_path, [FIT, counts], pd.DataFrame({"gene_set": ["cyt", "cyt", "ifng6"]}))
    assert "limma: moderated t with trend" in text
    assert "voom-limma" in text
    assert "median of ratios" in text
    assert "2 gene sets" in text
    assert "camera" in text
    assert "ComBat" not in text


def test_combat_is_told_only_where_it_ran(tmp_path) -> None:
    step = {**FIT, "combat": True, "combat_method": "parametric ComBat over 2 batches", "n_unchanged": 3}
    text = _text(tmp_path, [step])
    assert "parametric ComBat over 2 batches" in text
    assert "3 genes without variance" in text


def test_nothing_is_told_of_nothing(tmp_path) -> None:
    with opened(tmp_path) as context:
        assert list(describe_expression(Material(context.study, context.needs, {}, {}))) == []
