from __future__ import annotations

import pandas as pd
import pytest
from tests.study import tiny

from tmescope.associate.cutoff_files import write_cutoff
from tmescope.associate.features import Feature
from tmescope.associate.frozen_cutoffs import give_cutoff
from tmescope.foundation.errors import ManyProblems
from tmescope.study.carry_references import cutoff_problems
from tmescope.study.loading import load_study, parse_study

CUT = {"id": "cut", "kind": "cutpoint", "endpoint": "os", "carry": {"to": ["b"]}}


def _problems(folder, **changes):
    data = tiny.study_dict()
    data["question"] = [{**CUT, **changes}]
    data["endpoints"]["os"]["not_in"] = changes.pop("not_in", [])
    data["question"][0].pop("not_in", None)
    load_study(tiny.write_study(folder, data))


def test_a_cohort_without_the_endpoint_tests_nothing(tmp_path):
    with pytest.raises(ManyProblems, match="cohort b does not record os"):
        _problems(tmp_path, not_in=["b"])


def test_units_matter_where_expression_does(tmp_path):
    data = tiny.study_dict()
    data["cohorts"][1]["scale"] = "log2_array"
    data["question"] = [{**CUT, "features": ["tmb"]}]
    assert load_study(tiny.write_study(tmp_path, data)).question[0].id == "cut"
    data["question"] = [{**CUT, "features": ["tmb"], "genes": ["CD8A"]}]
    with pytest.raises(ManyProblems, match="the cut is chosen on tpm in a; b has array"):
        load_study(tiny.write_study(tmp_path, data))


def test_files_are_read_before_anything_is_computed(tmp_path):
    data = tiny.study_dict()
    data["question"] = [{**CUT, "carry": {"to": ["b"], "files": ["cut.json"]}}]
    study = parse_study(data, folder=tmp_path)
    assert [p.what for p in cutoff_problems(study)] == ["there is no cut-off 'cut.json'"]
    nothing = Feature("tmb", "table", pd.Series(dtype="float64"))
    write_cutoff(
        give_cutoff(nothing, 10.0, unit="mutations/Mb", chosen_by="a paper", cohort_id=""), tmp_path / "cut.json"
    )
    assert cutoff_problems(study) == []


def test_two_cut_offs_of_one_feature_are_not_one_question(tmp_path):
    data = tiny.study_dict()
    data["question"] = [{**CUT, "carry": {"to": ["b"], "files": ["one.json", "two.json", "other.json"]}}]
    study = parse_study(data, folder=tmp_path)
    for name, source, cut in (("one", "table", 10.0), ("two", "table", 12.0), ("other", "zscore", 1.0)):
        nothing = Feature("tmb", source, pd.Series(dtype="float64"))
        given = give_cutoff(nothing, cut, unit="", chosen_by="a paper", cohort_id="")
        write_cutoff(given, tmp_path / f"{name}.json")
    [problem] = cutoff_problems(study)
    assert "one.json and two.json are both cut-offs of tmb (table)" in problem.what
