from __future__ import annotations

from dataclasses import replace

import pytest
from tests.study import tiny
from tests.study.contexts import do, opened

from tmescope.foundation.errors import ManyProblems
from tmescope.study.checking import check
from tmescope.study.feature_references import feature_problems
from tmescope.study.running import run

ASKED = {"id": "q", "kind": "response", "endpoint": "response"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("features")
    tiny.write_files(path)
    return path


def _found(folder, *questions, **changes) -> list[str]:
    data = {**tiny.study_dict(), "question": list(questions), **changes}
    return [f"{p.what} | {p.where}" for p in check(tiny.write_study(folder, data)).problems]


@pytest.mark.parametrize(
    ("wrong", "what", "where"),
    [
        ({"genes": ["BG001", "BG0001"]}, "BG0001", "question[q].genes"),
        ({"features": ["cytt"], "methods": ["zscore"]}, "cytt", "question[q].features"),
        ({"features": ["zscore:cytt"]}, "zscore:cytt", "question[q].features"),
        ({"axis": "zscore:cytt"}, "zscore:cytt", "question[q].axis"),
    ],
)
def test_names_that_no_cohort_can_have_are_told_at_check_with_the_question(folder, wrong, what, where):
    [told] = _found(folder, {**ASKED, **wrong})
    assert f"{what!r}" in told
    assert told.endswith(where)


def test_a_run_is_refused_before_anything_is_scored(folder, tmp_path):
    data = {**tiny.study_dict(), "question": [{**ASKED, "genes": ["BG0001"]}]}
    with pytest.raises(ManyProblems, match="BG0001"):
        run(tiny.write_study(folder, data), tmp_path / "out")
    assert not list(tmp_path.glob("out/**/scores.parquet"))


def test_names_that_some_cohort_has_or_a_method_may_give_pass(folder):
    passing = (
        {"id": "a", "genes": ["BG001"], "features": []},
        {"id": "b", "features": ["cyt", "tmb", "zscore:cyt", "braf=V600E", "table:braf"]},
        {"id": "c", "features": ["cyt", "cytt"], "methods": ["zscore"]},
        {"id": "d", "axis": "zscore:cyt", "confounders": ["tmb"]},
        {"id": "e", "features": ["subtype=hot"]},
    )
    assert _found(folder, *({**ASKED, **q} for q in passing)) == []


def test_what_a_method_calls_its_own_features_is_left_to_the_answers(folder):
    data = {**tiny.study_dict(), "question": [{**ASKED, "features": ["T cells"]}]}
    with opened(folder, data) as context:
        do(context, "cohort")
        folders = {c.id: context.ledger.folder(f"cohort-{c.id}") for c in context.study.cohorts}
        needs = context.needs
        [problem] = feature_problems(context.study, needs, folders)
        assert "'T cells'" in str(problem)
        own = replace(needs.specs[0], name="own", gene_sets="own")
        assert not list(feature_problems(context.study, replace(needs, specs=(*needs.specs, own)), folders))
        assert not list(feature_problems(context.study, needs, {"a": folders["a"]}))  # b may have it
