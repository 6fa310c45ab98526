from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.study import tiny
from tests.study.contexts import do, opened

from tmescope.associate.features import collect_features
from tmescope.foundation.errors import UnknownNameError
from tmescope.store.tables import read_table
from tmescope.study.question_material import Surroundings, find_arms, gather_material, place_values
from tmescope.study.running import run
from tmescope.study.schema_questions import Question


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("material")) as context:
        do(context, "profile")
        folder = context.ledger.folder("cohort-a")
        samples = read_table(folder / "samples.parquet").set_index("sample_id")
        extra = read_table(folder / "features.parquet")
        scores = read_table(context.ledger.folder("profile-a") / "scores.parquet")
        features = collect_features(scores, extra, sample_ids=list(samples.index), methods=["zscore", "mean"])
        yield {"features": features, "samples": samples, "extra": extra, "folder": folder}


def _gather(cohort, *, elsewhere=(), around=None, **question):
    asked = Question(id="q", kind="response", endpoint="response", **question)
    return gather_material(
        asked,
        cohort["features"],
        cohort["samples"],
        extra=cohort["extra"],
        folder=cohort["folder"],
        elsewhere=elsewhere,
        around=around,
    )


def test_features_are_named_alone_or_with_their_method(cohort):
    material, _ = _gather(cohort, features=["zscore:cyt", "tmb", "braf"])
    assert [(f.name.split("=")[0], f.source) for f in material.features] == [
        ("cyt", "zscore"), ("tmb", "table"), ("braf", "table")
    ]  # fmt: skip
    everything, _ = _gather(cohort)
    assert len(everything.features) == len(cohort["features"])


def test_genes_become_features_on_log2(cohort):
    material, warnings = _gather(cohort, features=[], genes=["BG001", "NOSUCHGENE"])
    [gene] = material.features
    assert (gene.name, gene.source) == ("BG001", "gene")
    frame, _ = tiny.cohort_frames(1, 24)
    source = frame if gene.values.index[0] in frame.columns else None
    if source is not None:
        np.testing.assert_allclose(gene.values, np.log2(source.loc["BG001", gene.values.index] + 1.0), rtol=1e-12)
    assert (gene.values >= 0).all()
    assert [w.code for w in warnings] == ["question.no_feature"]
    assert "NOSUCHGENE" in warnings[0].examples


def test_axis_and_confounders_are_set_apart(cohort):
    material, warnings = _gather(cohort, axis="zscore:pan_f_tbrs", confounders=["tmb", "braf", "sex"])
    assert material.axis is not None
    assert material.axis.name not in {f.name for f in material.features if f.source == "zscore"}
    assert list(material.confounders.columns) == ["tmb", "braf"]
    assert [w.code for w in warnings] == ["question.no_confounder"]  # nobody's sex is recorded
    assert set(material.confounders["braf"]) == {"V600E", "WT"}


def test_patients_of_other_cohorts_are_left_out_and_counted(cohort):
    gone = list(cohort["samples"].index[:3])
    material, _ = _gather(cohort, elsewhere=gone)
    assert material.n_elsewhere == 3
    assert not set(gone) & set(material.samples.index)
    assert len(material.confounders) == len(material.samples)


def test_unknown_names_are_refused_with_the_nearest(cohort):
    with pytest.raises(UnknownNameError, match="cytt"):
        _gather(cohort, features=["cytt"])
    with pytest.raises(UnknownNameError, match="purity"):
        _gather(cohort, axis="purity")


def test_what_another_cohort_may_have_is_a_warning_that_names_this_one(cohort):
    around = Surroundings("a", frozenset({"ctdna", "purity"}))
    material, warnings = _gather(cohort, around=around, features=["ctdna"], axis="table:purity")
    assert (material.features, material.axis) == ((), None)
    assert [(w.code, w.where, w.examples) for w in warnings] == [
        ("question.no_feature", "a: question q", ("ctdna",)),
        ("question.no_confounder", "a: question q", ("table:purity",)),
    ]
    with pytest.raises(UnknownNameError, match="cytt") as caught:
        _gather(cohort, around=around, features=["ctdna", "cytt"])
    assert caught.value.where == "a: question q: features"


def test_a_cohort_without_the_feature_does_not_stop_the_others(tmp_path):
    tiny.write_files(tmp_path)
    data = tiny.study_dict()
    data["cohorts"][1]["features"][0]["numeric"] = {}
    asked = {"endpoint": "os", "features": ["tmb"]}
    data["question"] = [
        {"id": "r", "kind": "response", "endpoint": "response", "features": ["tmb"], "axis": "cyt"},
        {"id": "s", "kind": "survival", **asked},
        {"id": "c", "kind": "cutpoint", "corrected_by": "lau94", **asked},
        {"id": "m", "kind": "restricted_mean", "horizon_months": 6.0, **asked},
        {"id": "x", "kind": "response", "endpoint": "response", "features": ["cyt"], "axis": "tmb"},
    ]
    outcome = run(tiny.write_study(tmp_path, data), tmp_path / "out")
    answers = outcome.table("answers")
    own = answers[answers["question_id"].isin(list("rscm"))]
    assert set(own["question_id"]) == set("rscm")
    assert set(own["cohort_id"]) == {"a"}
    adjusted = answers[answers["question_id"] == "x"].groupby("cohort_id")["adjusted_for"].agg(set)
    assert adjusted.to_dict() == {"a": {"", "tmb"}, "b": {""}}
    told = outcome.table("warnings").query("code == 'question.no_feature'")
    assert set(told["where"]) == {f"b: question {name}" for name in "rscm"}


def test_a_patient_of_no_stated_arm_has_none(cohort):
    arms = {"feature": "braf", "treated": ["V600E"], "control": [], "assignment": "unknown"}
    asked = Question(id="q", kind="interaction", endpoint="os", treatment=arms)
    found = find_arms(asked, cohort["samples"], cohort["extra"])
    assert set(found.dropna()) == {"treated"}
    assert found.isna().sum() == (cohort["extra"]["category"] == "WT").sum() > 0
    nowhere = find_arms(asked, cohort["samples"], cohort["extra"].iloc[:0])
    assert nowhere.isna().all()


@pytest.mark.parametrize("column", [["1.0", "2", " 1", None, "3"], [1.0, 2.0, 1.0, np.nan, 3.0]])
def test_groups_that_are_numbers_are_found_however_they_are_written(column):
    placed = place_values(pd.Series(column), {"1": "treated", "2.0": "control"})
    assert placed.tolist() == ["treated", "control", "treated", None, None]
    assert placed.dtype == object
